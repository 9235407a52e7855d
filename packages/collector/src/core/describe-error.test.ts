import { expect, test } from 'vitest'
import { describeError } from './describe-error.ts'

const withCode = (error: Error, code: string) => Object.assign(error, { code })
const failed = (cause: unknown) => new TypeError('fetch failed', { cause })

test.each<[text: string, error: unknown]>([
  ['TypeError: fetch failed', failed(undefined)],
  [
    'TypeError: fetch failed (Error: connect ECONNREFUSED ::1:9)',
    failed(withCode(new Error('connect ECONNREFUSED ::1:9'), 'ECONNREFUSED')),
  ],
  ['TypeError: fetch failed (ECONNREFUSED, Error)', failed(withCode(new Error(), 'ECONNREFUSED'))],
  ['TypeError: fetch failed (Error: bad port)', failed(new Error('bad port'))],
  ['TypeError: fetch failed (ENOTFOUND)', failed({ code: 'ENOTFOUND' })],
  ['TypeError: fetch failed (no route)', failed('no route')],
  ['TypeError: fetch failed (Error: outer (Error: inner))', failed(new Error('outer', { cause: new Error('inner') }))],
  ['Error: it threw Error: inner', new Error('it threw Error: inner', { cause: new Error('inner') })],
  ['a text', 'a text'],
])('%s', (text, error) => {
  expect(describeError(error)).toBe(text)
})

function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

test.each<[what: string, work: () => unknown]>([
  ['a header value', () => new Headers({ Authorization: 'Bearer "SECRET"\nSECRET' })],
  ['what is no JSON', () => JSON.parse('SECRET')],
  ['what is no number', () => BigInt('SECRET')],
  ['what is no pattern', () => ''.match('SECRET(')],
])('nothing is quoted of %s, which may be a secret', (_, work) => {
  const error = thrownBy(work)
  expect(describeError(error)).toMatch(/^(TypeError|SyntaxError): .*[a-z]/)
  expect(describeError(error)).not.toContain('SECRET')
  expect(describeError(new Error('it failed', { cause: error }))).not.toContain('SECRET')
})

test('errors that are the cause of one another are told of to an end', () => {
  const [egg, hen] = [new Error('egg'), new Error('hen')]
  egg.cause = hen
  hen.cause = egg
  expect(describeError(egg)).toBe('Error: egg (Error: hen (Error: egg (Error: hen)))')
})
