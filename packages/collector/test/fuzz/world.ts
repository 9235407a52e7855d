import { createHmac } from 'node:crypto'
import { limits, type SigningKey } from '@waybill/protocol'
import type { TraceContext } from '../../src/core/trace-context.ts'
import type { ReceiptKey, Revocation, Sink, WriteKey } from '../../src/index.ts'
import { NOW } from '../batches.ts'
import { ORIGIN, writeKey } from '../present.ts'

const SECONDS = NOW / 1000
const secretOf = (name: string) => `the secret of ${name}, which is long enough`

/** Sites that hostile requests name, and what their credentials are made with: for faults and for the oracle. */
export const guarded: WriteKey & { tokenSecrets: readonly string[] } = {
  key: 'wk_guarded',
  id: 'guarded',
  origins: [ORIGIN],
  tokenSecrets: ['the new token', 'the old token'].map(secretOf),
}
export const server: WriteKey = { key: 'wk_server', id: 'backend', origins: 'server' }
export const keys: readonly WriteKey[] = [writeKey, guarded, server]
export const signingKeys: readonly SigningKey[] = ['young', 'old'].map((id) => ({ id, secret: secretOf(id) }))
export const revoked: readonly Revocation[] = [{ id: 'revoked', before: new Date(NOW - 60_000).toISOString() }]
export const receiptKeys: readonly ReceiptKey[] = ['r2', 'r1'].map((id) => ({ id, secret: secretOf(id) }))
export type SinkTerms = Pick<Sink, 'name' | 'generation' | 'guarantee'>
export const sinkTerms: SinkTerms = { name: 'recording', generation: '1', guarantee: 'durable' }

/** What of a request's headers has to be seen of its batch. */
export interface HeaderEffects {
  /** `Preference-Applied`. */
  applied?: string
  /** The trace, where it is not one of the batch's own. */
  trace?: TraceContext
  /** The attempt that it is logged as. */
  attempt?: number
}

/** HMAC-SHA256 by Node, and not by WebCrypto as the collector has it. */
export const mac = (secret: string | Uint8Array, text: string | Uint8Array): string =>
  createHmac('sha256', secret).update(text).digest('base64url')

const toBase64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export interface TokenParts {
  head?: unknown
  claims?: unknown
  secret?: string
}

/** A JWT; whatever is not given is as the site's backend would write it. */
export function tokenOf({
  head = { alg: 'HS256', typ: 'JWT' },
  claims = { aud: guarded.id, exp: SECONDS + 300 },
  secret = guarded.tokenSecrets[0] ?? '',
}: TokenParts = {}): string {
  const signed = `${toBase64url(head)}.${toBase64url(claims)}`
  return `${signed}.${mac(secret, signed)}`
}

/** A signed key; whatever is not given is as `waybill key create` would write it. */
export function signedKeyOf(claims: object = {}, secret: string = signingKeys[0]?.secret ?? ''): string {
  const all = { id: 'tenant', origins: [ORIGIN], kid: 'young', iat: SECONDS - 3600, ...claims }
  const signed = `wk_${toBase64url(all)}`
  return `${signed}.${mac(secret, signed)}`
}

/** What the backend of a site signs its tokens with, where the site's key is signed. */
export const tokenSecretOf = (id: string, secret: string): string => mac(secret, `waybill token ${id}`)

/** What a receipt is about. */
export interface Subject {
  keyId: string
  batchId: string
  digest: string
  rejected: readonly (readonly [seq: number, code: string])[]
}

export interface ReceiptParts {
  id?: string
  issued?: number
  expires?: number
  sinks?: readonly SinkTerms[]
}

/** What a receipt calls a sink. */
export const tagOf = (secret: string, { name, generation, guarantee }: SinkTerms): string =>
  mac(secret, JSON.stringify(['sink', name, generation, guarantee])).slice(0, 12)

export const signatureOf = (secret: string, claim: string, { keyId, batchId, digest, rejected }: Subject): string =>
  mac(secret, JSON.stringify(['receipt', claim, keyId, batchId, digest, rejected]))

/** A receipt as a collector of this configuration issues them, but for what is given. */
export function receiptOf(
  subject: Subject,
  { id = 'r2', issued = SECONDS - 60, expires = SECONDS + 3600, sinks = [sinkTerms] }: ReceiptParts = {},
): string {
  const secret = secretOf(id)
  const times = [issued, expires].map((time) => Math.floor(time).toString(36))
  const { eventBytes, propertiesBytes, stateBytes, depth } = limits
  const taken = [eventBytes, propertiesBytes, stateBytes, depth].map((limit) => limit.toString(36)).join('-')
  const claim = ['2', id, ...times, taken, sinks.map((sink) => tagOf(secret, sink)).join('')].join('.')
  return `${claim}.${signatureOf(secret, claim, subject)}`
}
