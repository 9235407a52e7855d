import { expect, test } from 'vitest'
import { createSigner } from './sign-webhook.ts'

test("the signature is that of the Standard Webhooks libraries' own tests", async () => {
  const sign = createSigner('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const body = new TextEncoder().encode('{"test": 2432232314}')
  expect(await sign('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, body)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})
