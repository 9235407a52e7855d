import { expect, test } from 'vitest'
import { readText } from './read-text.ts'

const answerIn = (chunks: Iterator<Uint8Array<ArrayBuffer>>) =>
  new Response(
    new ReadableStream({
      pull(controller) {
        const { done, value } = chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    }),
  )

test('an answer is read whole, wherever a character was cut in two', async () => {
  const bytes = new TextEncoder().encode('naïve ✓ 😀')
  expect(await readText(answerIn(Array.from(bytes, (byte) => Uint8Array.of(byte)).values()))).toBe('naïve ✓ 😀')
})

test.each([null, ''])('an answer without a body is an empty text: %j', async (body) => {
  expect(await readText(new Response(body))).toBe('')
})

test('an answer that never ends is read for 1 MiB and no further', async () => {
  let read = 0
  function* forever() {
    for (;;) {
      read += 10_000
      yield new Uint8Array(10_000)
    }
  }
  await expect(readText(answerIn(forever()))).rejects.toThrow('too long')
  expect(read).toBeLessThan(1_048_576 + 30_000)
})
