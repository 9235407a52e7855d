import { expect, test } from 'vitest'
import { signatureCacheContract } from '../../test/signature-cache-contract.ts'
import { memorySignatureCache } from './memory-signature-cache.ts'

signatureCacheContract('the cache in memory', () => {
  let time = 0
  return {
    cache: memorySignatureCache({ now: () => time }),
    async pass() {
      time += 1_000
    },
  }
})

test('it holds so many characters and no more: the oldest give way', async () => {
  const cache = memorySignatureCache({ maxCharacters: 12 })
  for (const signature of ['a', 'b', 'c']) await cache.write(signature, '12345', 60)
  expect(await Promise.all(['a', 'b', 'c'].map(cache.read))).toEqual([undefined, '12345', '12345'])
  // What is written anew is the youngest again, and what is forgotten makes room.
  await cache.write('b', '54321', 60)
  await cache.write('d', '12345', 60)
  expect(await Promise.all(['b', 'c', 'd'].map(cache.read))).toEqual(['54321', undefined, '12345'])
  await cache.forget('b')
  await cache.write('e', '12345', 60)
  expect(await Promise.all(['d', 'e'].map(cache.read))).toEqual(['12345', '12345'])
})

test('what is larger than all of it is not kept, and it goes on', async () => {
  const cache = memorySignatureCache({ maxCharacters: 12 })
  await cache.write('a', 'x'.repeat(100), 60)
  expect(await cache.read('a')).toBeUndefined()
  await cache.write('b', '12345', 60)
  expect(await cache.read('b')).toBe('12345')
})
