import { type Limits, limits as protocolLimits } from '@waybill/protocol'
import type { BatchLog } from './core/batch-log.ts'
import { ConfigurationError } from './core/configuration-error.ts'
import { harmless } from './core/harmless.ts'
import type { WriteKey } from './core/key-ring.ts'
import type { Sink } from './core/sink.ts'
import { segmentPaths } from './segment-api/segment-paths.ts'

/** What a collector is made of. */
export interface CollectorOptions {
  /** Who may write, at least one. */
  keys: readonly WriteKey[]
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
  /** Limits below the protocol's. Default: the protocol's. */
  limits?: Partial<Limits>
  /** How long each sink may take, in milliseconds. Default 10,000. */
  sinkDeadline?: number
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
  /** Called once for each presentation of a batch, and for each failure. Default: nothing is logged. */
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
  sinks,
  deadLetter,
  path = '/v1/events',
  segmentApi = true,
  limits = {},
  sinkDeadline = 10_000,
  now = Date.now,
  log = () => {},
}: CollectorOptions): ResolvedOptions {
  checkKeys(keys)
  checkSinks(sinks)
  checkDeadLetter(deadLetter, sinks)
  if (!/^(\/[\w.~-]+)+$/.test(path) || OWN_PATHS.includes(path)) {
    throw new ConfigurationError(
      `path: use plain segments as in '/v1/events', other than ${OWN_PATHS.join(' and ')}; it is '${path}'.`,
    )
  }
  if (segmentApi && segmentPaths.some(([taken]) => taken === path)) {
    throw new ConfigurationError(
      `path: '${path}' is one of Segment's API; use another one, or set segmentApi to false.`,
    )
  }
  if (!(Number.isSafeInteger(sinkDeadline) && sinkDeadline > 0)) {
    throw new ConfigurationError(`sinkDeadline: use whole milliseconds from 1; it is ${sinkDeadline}.`)
  }
  return {
    ...{ keys, sinks, deadLetter, path, segmentApi },
    ...{ limits: lowerLimits(limits), sinkDeadline, now, log: harmless(log) },
  }
}

/** What is served there stands in the README. */
const OWN_PATHS: readonly string[] = ['/health', '/ready']

function checkKeys(keys: readonly WriteKey[]): void {
  if (keys.length === 0) throw new ConfigurationError('keys: add at least one write key.')
  for (const { key, id, origins } of keys) {
    if (!/^wk_[\w-]{1,100}$/.test(key)) {
      throw new ConfigurationError(
        `keys: a write key is 'wk_' and 1 to 100 of A-Z, a-z, 0-9, _ and -; one is '${key}'.`,
      )
    }
    if (keys.filter((other) => other.key === key).length > 1) {
      throw new ConfigurationError(`keys: '${key}' is there twice; remove one.`)
    }
    if (!/^[a-z0-9_-]{1,64}$/.test(id)) {
      throw new ConfigurationError(`keys: the id of '${key}' must be 1 to 64 of a-z, 0-9, _ and -; it is '${id}'.`)
    }
    if (origins === 'localhost' || origins === 'server') continue
    if (origins.length === 0) throw new ConfigurationError(`keys: add at least one origin to '${key}'.`)
    for (const origin of origins) checkOrigin(key, origin)
  }
}

function checkOrigin(key: string, origin: string): void {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url?.origin === origin && /^https?:$/.test(url.protocol)) return
  const mend = url && /^https?:$/.test(url.protocol) ? `'${url.origin}'` : "the form 'https://www.example.com'"
  throw new ConfigurationError(
    `keys: the origins of '${key}' must be exact, without patterns or paths: use ${mend} for '${origin}'.`,
  )
}

function checkSinks(sinks: readonly Sink[]): void {
  if (!sinks.some(({ required }) => required)) {
    throw new ConfigurationError(
      'sinks: add at least one that is required, or events are answered for that nobody has.',
    )
  }
  for (const { name, guarantee, required } of sinks) {
    checkName('sinks', name)
    if (sinks.filter((other) => other.name === name).length > 1) {
      throw new ConfigurationError(`sinks: two are called '${name}'; give one of them another name.`)
    }
    if (required && guarantee === 'best-effort') {
      throw new ConfigurationError(`sinks: '${name}' only promises best effort; set its required to false.`)
    }
  }
}

function checkDeadLetter(deadLetter: Sink | undefined, sinks: readonly Sink[]): void {
  if (!deadLetter) return
  const { name, guarantee } = deadLetter
  checkName('deadLetter', name)
  if (sinks.some((sink) => sink.name === name)) {
    throw new ConfigurationError(`deadLetter: a sink is called '${name}', too; give one of them another name.`)
  }
  if (guarantee === 'best-effort') {
    throw new ConfigurationError(
      `deadLetter: '${name}' only promises best effort; use a sink that keeps what it takes.`,
    )
  }
}

function checkName(setting: 'sinks' | 'deadLetter', name: string): void {
  if (/^[a-z0-9-]{1,64}$/.test(name)) return
  throw new ConfigurationError(`${setting}: a name is 1 to 64 of a-z, 0-9 and -; one is '${name}'.`)
}

/** In bytes: the header lines of senders take a third of it. */
const LEAST_HEADER = 1024

function lowerLimits(limits: Partial<Limits>): Limits {
  for (const [name, value] of Object.entries(limits)) {
    const most = new Map<string, number>(Object.entries(protocolLimits)).get(name)
    if (most === undefined) throw new ConfigurationError(`limits: there is none called '${name}'; remove it.`)
    if (!(Number.isSafeInteger(value) && value > 0 && value <= most)) {
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
