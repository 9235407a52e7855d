import { expect, test } from 'vitest'
import { createSigner } from './sign-webhook.ts'

test("the signature is that of the Standard Webhooks libraries' own tests", async () => {
  const sign = createSigner(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])
  const body = new TextEncoder().encode('{"test": 2432232314}')
  expect(await sign('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('with several secrets there is a signature of each, the newest first', async () => {
  const [newer, older] = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'an older secret, of 24 bytes or more']
  const body = new TextEncoder().encode('{}')
  const [first, second] = await Promise.all([newer, older].map((secret) => createSigner([secret])('id', 1, body)))
  expect(await createSigner([newer, older])('id', 1, body)).toBe(`${first} ${second}`)
})
