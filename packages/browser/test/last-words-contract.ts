import { afterEach, describe, expect, test } from 'vitest'
import type { LastWords } from '../src/core/last-words.ts'

const idOf = (letter: string) => `01a202b2-c500-7000-8000-00000000000${letter}`

/** What every place for last words keeps to. `create` opens one; two of the same name share what they hold. */
export function lastWordsContract(name: string, create: (name: string) => LastWords): void {
  const opened: LastWords[] = []
  const open = (buffer = `words-${crypto.randomUUID()}`) => {
    const words = create(buffer)
    opened.push(words)
    return words
  }
  afterEach(() => {
    for (const words of opened.splice(0)) words.remove(words.read().map(([id]) => id))
  })

  describe(`${name} keeps the contract of last words`, () => {
    test('what was written is read by the time the call returns', () => {
      const words = open()
      expect(words.write(idOf('a'), '{"naïve":"✓"}')).toBe(true)
      expect(words.read()).toEqual([[idOf('a'), '{"naïve":"✓"}']])
    })

    test('it is read by whoever opens the same buffer, and by nobody else', () => {
      const buffer = `words-${crypto.randomUUID()}`
      open(buffer).write(idOf('a'), '1')
      expect(open(buffer).read()).toEqual([[idOf('a'), '1']])
      expect(open(`${buffer}2`).read()).toEqual([])
    })

    test('what is removed is gone, and the rest stays', () => {
      const words = open()
      for (const letter of ['a', 'b', 'c']) words.write(idOf(letter), letter)
      words.remove([idOf('a'), idOf('c'), idOf('d')])
      expect(words.read()).toEqual([[idOf('b'), 'b']])
    })
  })
}
