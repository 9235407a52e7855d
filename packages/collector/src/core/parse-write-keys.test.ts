import { expect, test } from 'vitest'
import { ConfigurationError } from './configuration-error.ts'
import { parseWriteKeys } from './parse-write-keys.ts'

test('write keys are read from JSON', () => {
  const text = '{"wk_live_1":{"id":"site","origins":["https://www.example.com"]}}'
  expect(parseWriteKeys('WRITE_KEYS', text)).toEqual([
    { key: 'wk_live_1', id: 'site', origins: ['https://www.example.com'] },
  ])
})

test.each([undefined, '', 'wk_1', '["wk_1"]', 'null', '{"wk_1":null}', '{"wk_1":{"id":"a","origins":"localhost"}}'])(
  '%j is refused with the name of the setting and an example',
  (text) => {
    expect(() => parseWriteKeys('KEYS', text)).toThrow(ConfigurationError)
    expect(() => parseWriteKeys('KEYS', text)).toThrow(/^KEYS: .*"wk_live_…": \{"id": "site"/)
  },
)

test.each([
  '{"wk_live_SECRET":null}',
  '{"wk_live_SECRET":{"id":"A","origins":"server"}}',
  '{"wk_live_SECRET":{"id":"a","origins":"server","tokenSecrets":1}}',
])('a key is not shown whole: %s', (text) => {
  const message = expect.stringMatching(/^KEYS: (?!.*SECRET).*'wk_live_…'/)
  expect(() => parseWriteKeys('KEYS', text)).toThrow(expect.objectContaining({ message }))
})
