import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export const newWebhookSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`

const TOLERANCE_SECONDS = 300

/**
 * What a receiver that follows the Standard Webhooks specification does before it trusts a delivery.
 * Written from the specification, on purpose without the collector's code. Returns what is wrong, or nothing.
 */
export function findWebhookFault(headers: IncomingHttpHeaders, body: Buffer, secret: string): string | undefined {
  const id = headers['webhook-id']
  const timestamp = headers['webhook-timestamp']
  const signatures = headers['webhook-signature']
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return 'webhook-id, webhook-timestamp or webhook-signature is missing'
  if (!/^\d+$/.test(timestamp)) return `webhook-timestamp is not in whole seconds: ${timestamp}`
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return `webhook-timestamp is ${timestamp}`
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const matches = signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
  if (!matches) return `no signature matches: ${signatures}`
}
