import { expect, test } from 'vitest'
import { objectKey, stream } from '../../test/sink-data.ts'
import { parseObjectKey } from './parse-object-key.ts'

const read = { keyId: 'shop', streamId: stream, first: 21, last: 40, isFork: false }

test('the end of a path says what the object holds, whatever folder it was copied to', () => {
  const key = objectKey(21, 40)
  for (const path of [key, `./bucket/events/${key}`, `C:\\bucket\\${key.replaceAll('/', '\\')}`, `${key}.gz`]) {
    expect(parseObjectKey(path), path).toEqual(read)
  }
  expect(parseObjectKey(objectKey(21, 40, { fork: '0a1b2c3d' }))).toEqual({ ...read, isFork: true })
})

test.each([
  ['no day', objectKey(1, 2).replace('dt=', '')],
  ['no stream', objectKey(1, 2).replace(stream, 'stream')],
  ['a range that ends before it begins', objectKey(2, 1)],
  ['a short number', objectKey(1, 2).replace('0000000000000001-', '1-')],
  ['another end', `${objectKey(1, 2)}.bak`],
  ['nothing of it', 'events.ndjson'],
])('%s makes it another file', (_, path) => {
  expect(parseObjectKey(path)).toBeUndefined()
})
