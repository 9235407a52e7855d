import { describe, expect, test } from 'vitest'
import { readRequest } from './read-up-to.ts'

const encoder = new TextEncoder()

/** A body in two pieces, and what its request states of it. */
function requestOf(text: string, stated?: string): Request {
  const pieces = [text.slice(0, 3), text.slice(3)].map((piece) => encoder.encode(piece))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })
  const headers = stated === undefined ? {} : { 'Content-Length': stated }
  // Node asks for `duplex`; workerd does not mind.
  return new Request('https://example.com', { method: 'POST', body, headers, ...{ duplex: 'half' } })
}

describe('at most as much of a body is taken as was asked for, and it is said whether that is all', () => {
  test.each([
    ['nothing', undefined],
    ['its length', '10'],
    ['less', '1'],
    ['more', '11'],
    ['more than is asked for', '999'],
    ['no number', 'ten'],
    ['a negative number', '-1'],
  ])('where its request states %s', async (_, stated) => {
    const read = async (max: number) => {
      const read = await readRequest(requestOf('0123456789', stated), max)
      return read.ok && [new TextDecoder().decode(read.value.bytes), read.value.whole]
    }
    expect(await read(20)).toEqual(['0123456789', true])
    expect(await read(10)).toEqual(['0123456789', true])
    expect(await read(9)).toEqual(['012345678', false])
    expect(await read(2)).toEqual(['01', false])
  })

  test('where there is none', async () => {
    const read = await readRequest(new Request('https://example.com'), 10)
    expect(read).toEqual({ ok: true, value: { bytes: new Uint8Array(), whole: true } })
  })
})
