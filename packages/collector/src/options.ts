import {
  checkTerms,
  type Limits,
  MIN_SECRET_LENGTH,
  limits as protocolLimits,
  type SigningKey,
} from '@waybill/protocol'
import type { BatchLog } from './core/batch-log.ts'
import {
  checkBoolean,
  checkEntries,
  checkFunction,
  checkList,
  checkMethods,
  checkNothingElse,
  checkObject,
  isText,
} from './core/check-kind.ts'
import { ConfigurationError } from './core/configuration-error.ts'
import { harmless } from './core/harmless.ts'
import type { WriteKey } from './core/key-ring.ts'
import { mask } from './core/mask.ts'
import type { RateLimiter } from './core/rate-limiter.ts'
import type { ReceiptKey } from './core/receipt.ts'
import type { EnrichOptions } from './core/sender.ts'
import type { SignatureCache } from './core/signature-cache.ts'
import type { Revocation } from './core/signed-key-ring.ts'
import type { Sink } from './core/sink.ts'
import { sinksOf } from './core/sinks-of.ts'
import { memoryRateLimiter } from './memory-rate-limiter.ts'
import { segmentPaths } from './segment-api/segment-paths.ts'
import { memorySignatureCache } from './signature-caches/memory-signature-cache.ts'

/** What a collector is made of. */
export interface CollectorOptions {
  /** Who may write. At least one, unless there are signing keys. */
  keys: readonly WriteKey[]
  /**
   * Take as well what one of these has signed, as `waybill key create` does: such keys say themselves what they allow, so
   * that many sites need no list. All verify; which one signs is up to whoever creates keys. Default: none.
   */
  signingKeys?: readonly SigningKey[]
  /** Signed keys that are not taken any more: those of a site from before an instant. Default: none. */
  revoked?: readonly Revocation[]
  /** Counts the requests of keys with a `rate`. Default {@link memoryRateLimiter}. */
  rateLimiter?: RateLimiter
  /** What of the sender is written into each event's `received`. Default: the country, where it is known. */
  enrich?: EnrichOptions
  /** Where batches go, at least one of them required. */
  sinks: readonly Sink[]
  /**
   * Where an event goes, whole, that a sink refuses for good, before a tombstone takes its place there; it must promise
   * more than best effort. For one sink only, use `withDeadLetter`. Default: the tombstone is all that is left of it.
   */
  deadLetter?: Sink | undefined
  /** Where batches are sent to. Default `/v1/events`. */
  path?: string
  /** Whether Segment's HTTP API is served as well, at `/v1/batch`, `/v1/track` and so on. Default `true`. */
  segmentApi?: boolean
  /**
   * Limits below the protocol's. A batch that comes again with its receipt is held against those of its first presentation:
   * where there are receipt keys, bodies are read up to the protocol's. Default: the protocol's.
   */
  limits?: Partial<Limits>
  /** How long each sink may take that has no `deadline` of its own, in milliseconds, an hour at most. Default 10,000. */
  sinkDeadline?: number
  /**
   * How long the first presentation of a batch is waited for before it is answered with 202, in milliseconds; 0 answers at
   * once. Set it above what your sinks usually take: a 202 costs the client another presentation. Default 3,000, which
   * healthy sinks keep to, and less than most visitors stay; an hour at most. A repeat is waited for until the sinks' deadline.
   */
  waitingBudget?: number
  /** Where to remember what became of a batch. Default: {@link memorySignatureCache}. */
  signatureCache?: SignatureCache
  /**
   * What receipts are signed with: the first signs, all are taken, so that one can be replaced. Give the same to all
   * collectors. Default: none, and there are no receipts: when one of two required sinks fails, the other has the batch
   * again. There is no default key, as one that each process made up would be unknown to the next.
   */
  receiptKeys?: readonly ReceiptKey[]
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
  /** Called once for each presentation of a batch, for each failure, and when sinks fail that `/ready` asks. Default: nothing is logged. */
  log?: (entry: BatchLog) => void
}

/** Options with nothing left open, every one of them found to work. */
export interface ResolvedOptions extends Required<Omit<CollectorOptions, 'deadLetter'>> {
  limits: Limits
  deadLetter: Sink | undefined
}

/** Fills in the defaults, and throws a {@link ConfigurationError} for the first setting that cannot work. */
export function resolveOptions({
  keys,
  signingKeys = [],
  revoked = [],
  sinks,
  enrich = {},
  deadLetter,
  path = '/v1/events',
  segmentApi = true,
  limits = {},
  sinkDeadline = 10_000,
  waitingBudget = 3_000,
  now = Date.now,
  rateLimiter = memoryRateLimiter(now),
  signatureCache = memorySignatureCache({ now }),
  receiptKeys = [],
  log = () => {},
  ...others
}: CollectorOptions): ResolvedOptions {
  checkNothingElse('createCollector', others)
  checkSinks(sinks)
  checkSigningKeys(signingKeys, revoked)
  checkKeys(keys, sinks, signingKeys.length > 0)
  checkEnrich(enrich)
  checkDeadLetter(deadLetter, sinks)
  if (!isText(path, /^(\/[\w.~-]+)+$/) || OWN_PATHS.includes(path)) {
    throw new ConfigurationError(
      `path: use plain segments as in '/v1/events', other than ${OWN_PATHS.join(' and ')}; it is '${path}'.`,
    )
  }
  if (segmentApi && segmentPaths.some(([taken]) => taken === path)) {
    throw new ConfigurationError(
      `path: '${path}' is one of Segment's API; use another one, or set segmentApi to false.`,
    )
  }
  checkSinkDeadline(sinkDeadline)
  if (!isTime(waitingBudget, 0)) {
    throw new ConfigurationError(`waitingBudget: use whole milliseconds from 0 to ${LONGEST}; it is ${waitingBudget}.`)
  }
  checkReceiptKeys(receiptKeys)
  checkBoolean('segmentApi', segmentApi)
  checkMethods('rateLimiter', rateLimiter, ['count'], 'memoryRateLimiter()')
  checkRates(keys, rateLimiter)
  checkMethods('signatureCache', signatureCache, ['read', 'write', 'forget'], 'memorySignatureCache()')
  checkFunction('now', now)
  checkFunction('log', log)
  return {
    keys,
    signingKeys,
    revoked,
    sinks,
    deadLetter,
    rateLimiter,
    enrich,
    path,
    segmentApi,
    limits: lowerLimits(limits),
    sinkDeadline,
    waitingBudget,
    signatureCache,
    receiptKeys,
    now,
    log: harmless(log),
  }
}

/** In milliseconds, an hour: nobody waits for longer, and from 2^31 on a timer goes off at once. */
const LONGEST = 3_600_000

const isTime = (ms: unknown, least: number): boolean =>
  Number.isSafeInteger(ms) && (ms as number) >= least && (ms as number) <= LONGEST

/** What is served there stands in the README. */
const OWN_PATHS: readonly string[] = ['/health', '/ready']

function checkKeys(keys: readonly WriteKey[], sinks: readonly Sink[], hasOthers: boolean): void {
  checkList('keys', keys, '{ key, id, origins }')
  if (keys.length === 0 && !hasOthers) throw new ConfigurationError('keys: add at least one write key.')
  for (const [index, writeKey] of keys.entries()) {
    const { key, tokenSecrets, ...terms } = writeKey
    const wrong = (fault: string) => wrongKey(key, index, fault)
    if (!isText(key, /^wk_[\w-]{1,100}$/)) {
      throw new ConfigurationError(
        `keys: a write key is 'wk_' and 1 to 100 of A-Z, a-z, 0-9, _ and -; number ${index + 1} is none.`,
      )
    }
    if (keys.filter((other) => other.key === key).length > 1) {
      throw new ConfigurationError(`keys: '${mask(key)}' (number ${index + 1}) is there twice; remove one.`)
    }
    const isNamed = terms.origins === 'localhost' || terms.origins === 'server'
    const fault = checkTerms({ ...terms, ...(isNamed && { origins: ['https://any.example'] }) })
    if (fault) throw wrong(fault)
    const missing = terms.sinks?.find((name) => !sinks.some((sink) => sink.name === name))
    if (missing !== undefined) throw wrong(`there is no sink '${missing}'; add it, or leave it out.`)
    if (!sinksOf(terms.sinks, sinks)) throw wrong('name a sink that is required as well.')
    if (tokenSecrets !== undefined && !Array.isArray(tokenSecrets)) throw wrong('set tokenSecrets to a list of texts.')
    if (tokenSecrets?.length === 0) throw wrong('add a secret to tokenSecrets, or leave them out.')
    for (const secret of tokenSecrets ?? []) {
      const fault = checkSecret(secret)
      if (fault) throw wrong(`tokenSecrets: ${fault}`)
    }
  }
}

const wrongKey = (key: string, index: number, fault: string) =>
  new ConfigurationError(`keys: of '${mask(key)}' (number ${index + 1}): ${fault}`)

function checkRates(keys: readonly WriteKey[], rateLimiter: RateLimiter): void {
  for (const [index, { key, rate }] of keys.entries()) {
    const fault = rate && rateLimiter.faultOf?.(rate)
    if (fault) throw wrongKey(key, index, fault)
  }
}

function checkSigningKeys(signingKeys: readonly SigningKey[], revoked: readonly Revocation[]): void {
  checkEntries('signingKeys', signingKeys, ['id', 'secret'])
  checkEntries('revoked', revoked, ['id', 'before'])
  for (const { id, secret } of signingKeys) {
    if (!isText(id, /^[\w-]{1,64}$/)) {
      throw new ConfigurationError(`signingKeys: an id is 1 to 64 of A-Z, a-z, 0-9, _ and -; one is '${id}'.`)
    }
    if (signingKeys.filter((other) => other.id === id).length > 1) {
      throw new ConfigurationError(`signingKeys: '${id}' is there twice; give one of them another id.`)
    }
    const fault = checkSecret(secret)
    if (fault) throw new ConfigurationError(`signingKeys: the secret of '${id}': ${fault}`)
  }
  for (const { id, before } of revoked) {
    if (!isText(id, /^[a-z0-9_-]{1,64}$/)) {
      throw new ConfigurationError(`revoked: an id is that of a site, 1 to 64 of a-z, 0-9, _ and -; one is '${id}'.`)
    }
    if (typeof before === 'string' && !Number.isNaN(Date.parse(before))) continue
    throw new ConfigurationError(`revoked: '${before}' of '${id}' is no time; write it as 2026-11-22T10:00:00Z.`)
  }
}

/** What is wrong with a secret, which is not shown. */
function checkSecret(secret: unknown): string | undefined {
  const length = typeof secret === 'string' ? secret.length : 0
  if (length >= MIN_SECRET_LENGTH) return
  return `use ${MIN_SECRET_LENGTH} characters or more, as \`waybill key secret\` prints them; it has ${length}.`
}

const geoLevels: readonly unknown[] = ['off', 'country', 'region', 'city']
const ipForms: readonly unknown[] = ['off', 'truncated', 'hashed']

const enrichNames = ['geo', 'userAgent', 'ip', 'ipSecret', 'ipHeader'] satisfies (keyof EnrichOptions)[]

function checkEnrich(enrich: EnrichOptions): void {
  checkObject('enrich', enrich, enrichNames)
  const { geo = 'off', userAgent = false, ip = 'off', ipSecret, ipHeader } = enrich
  const wrong = (fault: string) => new ConfigurationError(`enrich: ${fault}`)
  checkBoolean('enrich: userAgent', userAgent)
  if (!geoLevels.includes(geo)) throw wrong(`set geo to ${geoLevels.join(', ')}; it is '${geo}'.`)
  if (!ipForms.includes(ip)) throw wrong(`set ip to ${ipForms.join(', ')}; it is '${ip}'.`)
  const fault = ip === 'hashed' ? checkSecret(ipSecret ?? '') : undefined
  if (fault) throw wrong(`ipSecret: ${fault}`)
  if (ipHeader !== undefined && !isText(ipHeader, /^[\w-]+$/)) {
    throw wrong(`set ipHeader to the name of a header; it is '${ipHeader}'.`)
  }
}

export function checkSinkDeadline(sinkDeadline: number): void {
  if (isTime(sinkDeadline, 1)) return
  throw new ConfigurationError(`sinkDeadline: use whole milliseconds from 1 to ${LONGEST}; it is ${sinkDeadline}.`)
}

export function checkSinks(sinks: readonly Sink[]): void {
  checkList('sinks', sinks, '{ name, guarantee, required, deliver, … }')
  if (!sinks.some(({ required }) => required)) {
    throw new ConfigurationError(
      'sinks: add at least one that is required, or events are answered for that nobody has.',
    )
  }
  for (const sink of sinks) {
    checkSink('sinks', sink)
    const { name, guarantee, required, deadline } = sink
    if (sinks.filter((other) => other.name === name).length > 1) {
      throw new ConfigurationError(`sinks: two are called '${name}'; give one of them another name.`)
    }
    if (required && guarantee === 'best-effort') {
      throw new ConfigurationError(`sinks: '${name}' only promises best effort; set its required to false.`)
    }
    if (deadline !== undefined && !isTime(deadline, 1)) {
      throw new ConfigurationError(
        `sinks: give '${name}' a deadline of whole milliseconds from 1 to ${LONGEST}; it is ${deadline}.`,
      )
    }
  }
}

/** Says nothing of a secret but how long it is. */
function checkReceiptKeys(keys: readonly ReceiptKey[]): void {
  checkEntries('receiptKeys', keys, ['id', 'secret'])
  for (const { id, secret } of keys) {
    if (!isText(id, /^[\w-]{1,16}$/)) {
      throw new ConfigurationError(`receiptKeys: an id is 1 to 16 of A-Z, a-z, 0-9, _ and -; one is '${id}'.`)
    }
    if (keys.filter((other) => other.id === id).length > 1) {
      throw new ConfigurationError(`receiptKeys: two are called '${id}'; give the new one another id.`)
    }
    const length = typeof secret === 'string' ? secret.length : 0
    if (length < 32) {
      throw new ConfigurationError(
        `receiptKeys: make the secret of '${id}' 32 characters of chance or more; it has ${length}.`,
      )
    }
  }
}

export function checkDeadLetter(deadLetter: Sink | undefined, sinks: readonly Sink[]): void {
  if (!deadLetter) return
  checkSink('deadLetter', deadLetter)
  const { name, guarantee } = deadLetter
  if (sinks.some((sink) => sink.name === name)) {
    throw new ConfigurationError(`deadLetter: a sink is called '${name}', too; give one of them another name.`)
  }
  if (guarantee === 'best-effort') {
    throw new ConfigurationError(
      `deadLetter: '${name}' only promises best effort; use a sink that keeps what it takes.`,
    )
  }
}

const guarantees: readonly unknown[] = ['durable', 'accepted', 'best-effort'] satisfies Sink['guarantee'][]

/** What every sink has, one of somebody's own as well. */
function checkSink(setting: 'sinks' | 'deadLetter', sink: Sink): void {
  const { name, guarantee, required, generation, idempotency, ready = () => {} } = sink
  if (!isText(name, /^[a-z0-9-]{1,64}$/)) {
    throw new ConfigurationError(`${setting}: a name is 1 to 64 of a-z, 0-9 and -; one is '${name}'.`)
  }
  checkMethods(`${setting}: '${name}'`, sink, ['deliver'], 'webhookSink(…)')
  checkFunction(`${setting}: ready of '${name}'`, ready)
  checkBoolean(`${setting}: required of '${name}'`, required)
  if (!guarantees.includes(guarantee)) {
    const known = guarantees.join(', ')
    throw new ConfigurationError(`${setting}: set the guarantee of '${name}' to ${known}; it is '${guarantee}'.`)
  }
  if (!isText(generation, /^.{0,256}$/s)) {
    throw new ConfigurationError(
      `${setting}: give '${name}' a generation, a text of up to 256 characters that says which destination it is.`,
    )
  }
  const { key, window } = Object(idempotency) as Partial<Sink['idempotency']>
  if (typeof key === 'string' && typeof window === 'string') return
  throw new ConfigurationError(`${setting}: set the idempotency of '${name}' to { key, window }, a text each.`)
}

/** In bytes: a header line may bring a receipt, of 512 characters, and a token, of 2,000 and more with many claims. */
const LEAST_HEADER = 4096

function lowerLimits(limits: Partial<Limits>): Limits {
  checkObject('limits', limits, Object.keys(protocolLimits))
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const value = limits[name]
    const most = protocolLimits[name]
    if (!(Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= most)) {
      throw new ConfigurationError(`limits: ${name} can only be lowered, to 1 or more of ${most}; it is ${value}.`)
    }
  }
  const lowered = { ...protocolLimits, ...limits }
  if (lowered.headerBytes < LEAST_HEADER) {
    throw new ConfigurationError(`limits: set headerBytes to ${LEAST_HEADER} or more; it is ${lowered.headerBytes}.`)
  }
  // Senders go by the protocol's limits. What is too large is only rejected once its batch was read, and a batch of
  // one event cannot be cut: if it did not fit, its stream would wait behind it for ever.
  const least = lowered.headerBytes + 1 + protocolLimits.eventBytes
  for (const name of ['batchBytes', 'bodyBytes'] as const) {
    if (lowered[name] >= least) continue
    throw new ConfigurationError(
      `limits: set ${name} to ${least} or more, for one event of any sender and its header; it is ${lowered[name]}.`,
    )
  }
  return lowered
}
