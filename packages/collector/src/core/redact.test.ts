import { expect, test } from 'vitest'
import { redact } from './redact.ts'

test.each([
  ['TypeError: fetch failed', 'TypeError: fetch failed'],
  [
    'cannot reach https://me:pass@hooks.example/T0/secret?token=1, gave up',
    'cannot reach https://hooks.example gave up',
  ],
  ['bad "postgres://u:p@[db]/x"', 'bad "<url>"'],
  ['\u001b[2J\r\nrecorded', ' [2J recorded'],
])('%j becomes %j', (text, fit) => {
  expect(redact(text)).toBe(fit)
})

test('the beginning of a long answer is enough', () => {
  expect(redact('x'.repeat(5_000))).toHaveLength(300)
})
