import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLineSplitter } from './split-lines.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function split(chunks: readonly string[], maxBytes = 1_000): (string | [string, 'no end'])[] {
  const lines: (string | [string, 'no end'])[] = []
  const splitter = createLineSplitter(
    {
      line: (bytes, isEnded) => lines.push(isEnded ? decoder.decode(bytes) : [decoder.decode(bytes), 'no end']),
      tooLong: () => lines.push('TOO LONG'),
    },
    maxBytes,
  )
  for (const chunk of chunks) {
    const bytes = encoder.encode(chunk)
    splitter.push(bytes)
    bytes.fill(0x21)
  }
  splitter.end()
  return lines
}

test('lines are the same wherever the chunks end, and are copied where they outlive one', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'bc', '\n', '\n\n', ''), { maxLength: 30 }), (chunks) => {
      const lines = chunks.join('').split('\n')
      const last = lines.pop()
      expect(split(chunks)).toEqual([...lines, ...(last ? [[last, 'no end']] : [])])
    }),
  )
})

test.each([
  ['in one chunk', ['ab\nabcdefgh\ncd\n']],
  ['over chunks', ['ab\nabc', 'def', 'gh\ncd\n']],
])('a line that is too long has its place, and is not kept: %s', (_, chunks) => {
  expect(split(chunks, 5)).toEqual(['ab', 'TOO LONG', 'cd'])
})

test('a line that is too long may be the last', () => {
  expect(split(['abcdef', 'gh'], 5)).toEqual(['TOO LONG'])
  expect(split(['abcde'], 5)).toEqual([['abcde', 'no end']])
})
