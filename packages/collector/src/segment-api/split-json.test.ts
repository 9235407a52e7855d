import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compactJson, joinMembers, splitElements, splitMembers } from './split-json.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

test('JSON of any layout becomes one line with the same value, and no other text', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2, '\t'), (json, space) => {
      const value = JSON.parse(json)
      const compact = decode(compactJson(encode(JSON.stringify(value, null, space))))
      expect(compact).toBe(JSON.stringify(value))
    }),
  )
})

test.each([
  ['[4 2]', '[4 2]'],
  ['[- 1 , tr\n\tue]', '[- 1,tr ue]'],
  ['[1\r\n]', '[1]'],
  ['{ "a b" : nul l }', '{"a b":nul l}'],
  [' " " ', '" "'],
])('%j is no JSON without its white space where it is none with it', (json, compact) => {
  expect(decode(compactJson(encode(json)))).toBe(compact)
})

test('of an array that is too long no more is taken apart than shows that it is', () => {
  expect(splitElements(encode(`[${','.repeat(9)}]`), 3)).toHaveLength(4)
  expect(splitElements(encode('[1,2,3]'), 3)).toHaveLength(3)
})

test('parts are those that a parser finds, each in its own text', () => {
  fc.assert(
    fc.property(fc.array(fc.json()), fc.dictionary(fc.string(), fc.json()), (elements, members) => {
      const array = compactJson(encode(`[${elements.join(',')}]`))
      expect(splitElements(array)?.map(decode)).toEqual(elements.map((each) => decode(compactJson(encode(each)))))
      const object = compactJson(
        encode(
          `{${Object.entries(members)
            .map(([name, value]) => `${JSON.stringify(name)}:${value}`)
            .join(',')}}`,
        ),
      )
      const split = splitMembers(object)
      expect(split?.map(({ name }) => name)).toEqual(Object.keys(members))
      expect(joinMembers(split ?? [])).toEqual(object)
    }),
  )
})

test('numbers keep all their digits, and names are told whatever they are written like', () => {
  expect(
    splitMembers(encode('{"a":12345678901234567890,"\\u0062\\"":1.50}'))?.map(({ name, value }) => [
      name,
      decode(value),
    ]),
  ).toEqual([
    ['a', '12345678901234567890'],
    ['b"', '1.50'],
  ])
})

test.each([
  '',
  '{',
  '[',
  '[1',
  '[1]]',
  '[1}',
  '{"a":1]',
  '[1],',
  '{"a":1',
  '{"a"}',
  '{a:1}',
  '{"a":1,}',
  '["a]',
  '"',
  '1',
  'null',
])('%s is no array and no object', (text) => {
  expect(splitElements(encode(text))).toBeUndefined()
  expect(splitMembers(encode(text))).toBeUndefined()
})

test('no bytes whatever make it fail, or go on for ever', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array(), fc.string({ unit: fc.constantFrom(...'{}[]",:\\ a') }).map(encode)),
      (bytes) => {
        const compact = compactJson(Uint8Array.from(bytes))
        splitElements(compact)
        splitMembers(compact)
      },
    ),
  )
})
