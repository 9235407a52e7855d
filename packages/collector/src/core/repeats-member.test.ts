import { expect, test } from 'vitest'
import { repeatsMember } from './repeats-member.ts'
import { survey } from './survey.ts'

const repeats = (text: string) => repeatsMember(new TextEncoder().encode(text), survey(JSON.parse(text)))

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"a":[{"b":{"c":1,"d":2,"c":3}}]}',
  '{"__proto__":1,"__proto__":2}',
  '{"a":{"b":1,"b":2},"a":{}}',
  '{ "a" : 1 , "b" : 2 , "a" : 3 }',
  '{"":1,"":2}',
])('a member that is named twice in one object is found: %s', (text) => {
  expect(repeats(text)).toBe(true)
})

test.each([
  '{}',
  '{"a":1,"A":1,"1":1,"01":1}',
  '{"a":{"a":[{"a":1},{"a":1}]}}',
  '{":":"a:b","\\"a":":\\"","\\\\":"\\\\","c":"\\u003a:"}',
  '{"__proto__":{"__proto__":1}}',
  '{"é:":"✓:","😀":"😀:"}',
])('the same name in other objects, and what only looks like a member, is none: %s', (text) => {
  expect(repeats(text)).toBe(false)
})

test('10,000 levels overflow no stack', () => {
  const nested = '{"":'.repeat(10_000)
  expect(repeats(`${nested}1${'}'.repeat(10_000)}`)).toBe(false)
  expect(repeats(`${nested}{"a":1,"a":1}${'}'.repeat(10_000)}`)).toBe(true)
})
