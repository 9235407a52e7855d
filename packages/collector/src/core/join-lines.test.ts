import { expect, test } from 'vitest'
import { concat } from './bytes.ts'
import { toNdjson } from './join-lines.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Lines that lie in one piece of memory as these texts do. */
function layOut(...texts: string[]) {
  const whole = concat(texts.map(encode))
  let end = 0
  return texts.map((text) => {
    const from = end
    end += encode(text).length
    return whole.subarray(from, end)
  })
}

test('each line is ended by an LF, wherever it lies', () => {
  expect(decode(toNdjson(['{"a":1}', '', '{"b":2}'].map(encode)))).toBe('{"a":1}\n\n{"b":2}\n')
  expect(toNdjson([])).toEqual(new Uint8Array())
})

test('lines that lie behind each other are not copied, be it all of them or some', () => {
  const [one, _, two, __, three] = layOut('{"a":1}', '\n', '{"b":2}', '\n', '{"c":3}', '\n')
  if (!one || !two || !three) throw new Error('There are three')
  expect(decode(toNdjson([one, two, three]))).toBe('{"a":1}\n{"b":2}\n{"c":3}\n')
  expect(toNdjson([one, two, three]).buffer).toBe(one.buffer)
  expect(decode(toNdjson([two, three]))).toBe('{"b":2}\n{"c":3}\n')
  expect(toNdjson([two, three]).buffer).toBe(one.buffer)
})

test.each([
  ['in another order', ['{"a":1}', '\n', '{"b":2}', '\n'], [2, 0]],
  ['with another between', ['{"a":1}', '\n', '{"b":2}', '\n', '{"c":3}', '\n'], [0, 4]],
  ['with something else between', ['{"a":1}', ',', '{"b":2}', '\n'], [0, 2]],
  ['with nothing between', ['{"a":1}', '{"b":2}', '\n'], [0, 1]],
  ['with nothing behind the last', ['{"a":1}', '\n', '{"b":2}'], [0, 2]],
])('lines that lie %s come out as they were given', (_, texts, places) => {
  const parts = layOut(...texts)
  const lines = places.flatMap((place) => parts[place] ?? [])
  expect(decode(toNdjson(lines))).toBe(places.map((place) => `${texts[place]}\n`).join(''))
})
