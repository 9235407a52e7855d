import { expect, test } from 'vitest'
import { checkUrl } from './check-url.ts'
import { ConfigurationError } from './configuration-error.ts'

test.each(['hooks.example.com/T0/SECRET', 'http://hooks.example.com/SECRET', 'https://user:SECRET@hooks.example.com/'])(
  '%s is refused with the setting, and what may be secret of it is not shown',
  (text) => {
    const check = () => checkUrl(text, { setting: 'webhook url', example: 'https://example.com/hook' })
    expect(check).toThrow(ConfigurationError)
    expect(check).toThrow(/^webhook url: /)
    expect(check).toThrow(expect.objectContaining({ message: expect.not.stringContaining('SECRET') }))
  },
)
