import { type Limits, limits as most } from './limits.ts'

/** What a write key allows to whoever has it. */
export interface KeyTerms {
  /** Names the site in object keys and logs, `[a-z0-9_-]`. Keys of one site share it, so that they can be rotated. */
  readonly id: string
  /** `https://www.example.com`, each exactly as browsers send it. */
  readonly origins: readonly string[]
  /** The names of the sinks that its batches go to, one of them required. Default: all. */
  readonly sinks?: readonly string[]
  /** Limits below the collector's. Default: the collector's. */
  readonly limits?: KeyLimits
  /** How often it may present batches, counted by `id` and rate. Default: as often as it likes. */
  readonly rate?: Rate
}

/** The limits that one site may have to itself; the others are about a collector's memory. */
const keyLimits = ['eventBytes', 'propertiesBytes', 'stateBytes', 'depth', 'batchEvents'] as const
export type KeyLimits = Partial<Pick<Limits, (typeof keyLimits)[number]>>

/** At most `limit` requests in `period` seconds, all at once or one by one. */
export interface Rate {
  readonly limit: number
  readonly period: number
}

const MOST_REQUESTS = 1_000_000
const MOST_SECONDS = 3_600

/** Why a value is no {@link KeyTerms}: the setting and the mend. `undefined` when nothing is wrong with it. */
export function checkTerms(value: object): string | undefined {
  const { id, origins, sinks, limits, rate, ...others } = value as Record<keyof KeyTerms, unknown>
  const [other] = Object.keys(others)
  if (other !== undefined) return `there is no setting '${other}'; remove it.`
  if (typeof id !== 'string' || !/^[a-z0-9_-]{1,64}$/.test(id)) {
    return `set id to 1 to 64 of a-z, 0-9, _ and -; it is ${show(id)}.`
  }
  return checkOrigins(origins) ?? checkSinks(sinks) ?? checkLimits(limits) ?? checkRate(rate)
}

function checkOrigins(origins: unknown): string | undefined {
  if (!Array.isArray(origins)) return 'set origins to a list.'
  if (origins.length === 0) return 'add at least one origin.'
  for (const origin of origins) {
    const url = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : undefined
    const isWeb = url && /^https?:$/.test(url.protocol)
    if (isWeb && url.origin === origin) continue
    const mend = isWeb ? `'${url.origin}'` : "the form 'https://www.example.com'"
    return `origins must be exact, without patterns or paths: use ${mend} for ${show(origin)}.`
  }
}

function checkSinks(sinks: unknown): string | undefined {
  if (sinks === undefined) return
  if (!Array.isArray(sinks) || sinks.length === 0) return 'set sinks to a list of names, or leave it out.'
  const wrong = sinks.find((name) => typeof name !== 'string' || !/^[a-z0-9-]{1,64}$/.test(name))
  if (wrong !== undefined) return `sinks are named with 1 to 64 of a-z, 0-9 and -; one is ${show(wrong)}.`
}

function checkLimits(limits: unknown): string | undefined {
  if (limits === undefined) return
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) {
    return `set limits to an object with some of ${keyLimits.join(', ')}.`
  }
  for (const [name, value] of Object.entries(limits)) {
    const known = keyLimits.find((each) => each === name)
    if (!known) return `a key can have limits of ${keyLimits.join(', ')}; remove ${show(name)}.`
    if (!isWhole(value, most[known])) {
      return `${known} can only be lowered, to 1 or more of ${most[known]}; it is ${show(value)}.`
    }
  }
}

function checkRate(rate: unknown): string | undefined {
  if (rate === undefined) return
  const { limit, period, ...others } = Object(rate) as Record<string, unknown>
  if (isWhole(limit, MOST_REQUESTS) && isWhole(period, MOST_SECONDS) && Object.keys(others).length === 0) return
  return `set rate to { limit, period }: 1 to ${MOST_REQUESTS} requests in 1 to ${MOST_SECONDS} s.`
}

const isWhole = (value: unknown, most: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most

const show = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? 'missing')
