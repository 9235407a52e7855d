import type { Origins } from './core/allows-origin.ts'
import { withoutFingerprint } from './core/fingerprint.ts'
import type { WriteKey } from './core/key-ring.ts'
import { mask } from './core/mask.ts'
import type { ReceiptKey } from './core/receipt.ts'
import { redact } from './core/redact.ts'
import type { EnrichOptions } from './core/sender.ts'
import type { Sink } from './core/sink.ts'
import type { ResolvedOptions } from './options.ts'

/** One line of the effective configuration. */
export interface Setting {
  /** What the configuration file calls it. */
  name: string
  /** What it is, secrets masked. */
  value: string
}

/** How each setting is shown, a line each. A new setting does not compile until it stands here; `null` has nothing to show. */
const shown: { [Name in keyof ResolvedOptions]: ((value: ResolvedOptions[Name]) => string[]) | null } = {
  path: (path) => [path],
  keys: (keys) => keys.map(describeKey),
  signingKeys: (keys) => keys.map(({ id }) => `${id}: masked`),
  revoked: (revoked) => revoked.map(({ id, before }) => `${id}: signed keys from before ${before}`),
  rateLimiter: null,
  enrich: (enrich) => Object.entries(describeEnrich(enrich)).map(([name, value]) => `${name} ${value}`),
  sinks: (sinks) => sinks.map(describeSink),
  deadLetter: (sink) => (sink ? [describeSink(sink)] : []),
  segmentApi: (isServed) => [isServed ? 'served' : 'not served'],
  sinkDeadline: (ms) => [`${ms} ms`],
  waitingBudget: (ms) => [`${ms} ms`],
  signatureCache: null,
  receiptKeys: describeReceiptKeys,
  limits: (limits) => Object.entries(limits).map(([name, most]) => `${name} ${most}`),
  now: null,
  log: null,
}

/** What a configuration file may set. */
export const settingNames: readonly string[] = Object.keys(shown)

/** The effective configuration for people: what was set and what is the default, without secrets. */
export function describeOptions(options: ResolvedOptions): Setting[] {
  const toLines = <Name extends keyof ResolvedOptions>(name: Name) => shown[name]?.(options[name]) ?? []
  return (Object.keys(shown) as (keyof ResolvedOptions)[]).flatMap((name) =>
    toLines(name).map((value) => ({ name, value })),
  )
}

const describeEnrich = ({ geo = 'country', userAgent = false, ip = 'off', ipHeader }: EnrichOptions) => ({
  ...{ geo, userAgent, ip },
  ...(ipHeader && { ipHeader }),
})

function describeReceiptKeys(keys: readonly ReceiptKey[]): string[] {
  if (keys.length === 0) return ['none: when one required sink fails, the others have the batch again']
  return keys.map(({ id }, index) => `${id}: masked${index === 0 ? ', signs' : ''}`)
}

function describeKey({ key, id, origins, sinks, limits, rate, tokenSecrets }: WriteKey): string {
  const terms = [
    ...(sinks ? [`to ${sinks.join(' and ')}`] : []),
    ...(limits ? [Object.entries(limits).map(([name, most]) => `${name} ${most}`)] : []).flat(),
    ...(rate ? [`${rate.limit} requests in ${rate.period} s`] : []),
    ...(tokenSecrets ? ['with a token'] : []),
  ]
  return [`${id}: ${mask(key)} from ${describeOrigins(origins)}`, ...terms].join(', ')
}

function describeOrigins(origins: Origins): string {
  if (origins === 'localhost') return 'any origin of this machine'
  return origins === 'server' ? 'servers, which send no origin' : origins.join(', ')
}

function describeSink({ name, guarantee, required, generation, idempotency }: Sink): string {
  const place = redact(withoutFingerprint(generation))
  const destination = place === '' ? '' : `, to ${place}`
  const repeats = `tells a repeat by ${idempotency.key}, ${idempotency.window}`
  return `${name}: ${guarantee}, ${required ? 'required' : 'best-effort'}${destination}; ${repeats}`
}
