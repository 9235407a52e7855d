import {
  type Bucket,
  bindingRateLimiter,
  type CollectorOptions,
  ConfigurationError,
  parseSigningKeys,
  parseWriteKeys,
  type RateLimitBinding,
  r2Sink,
  type Sink,
  type WriteKey,
  webhookSink,
} from '@waybill/collector'

/** The settings of this Worker: bindings, variables and secrets. */
export interface Settings {
  /** An R2 bucket; when it is bound, every batch is kept there. */
  EVENTS?: Bucket
  /** Who may write: `{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}`; `"origins": "server"` for servers. */
  WRITE_KEYS?: string
  /** What signed write keys are signed with: `[{"id": "1", "secret": "<what waybill key secret prints>"}]`. */
  SIGNING_KEYS?: string
  /** Counts the requests of keys with a rate, over all isolates of a location. */
  RATE_LIMIT?: RateLimitBinding
  /**
   * What receipts are signed with, the newest first: `[{"id": "2026-11", "secret": "…"}]`. Unset: there are none, and when
   * one destination fails the others have the batch again.
   */
  RECEIPT_KEYS?: string
  /** `development` adds the key `wk_dev` for any origin of this machine, and logs for people. */
  ENVIRONMENT?: string
  /** Every batch is posted there, as Standard Webhooks describes it. */
  WEBHOOK_URL?: string
  /** 24 to 64 bytes, `whsec_` and base64 or any text: signs what is posted. Several of `whsec_`, newest first, with spaces between. */
  WEBHOOK_SECRET?: string
  /** `json`, the default, or `ndjson`. */
  WEBHOOK_FORMAT?: string
}

const developmentKey: WriteKey = { key: 'wk_dev', id: 'dev', origins: 'localhost' }

/** What the settings make of a collector. Throws a `ConfigurationError` that names the setting and the mend. */
export function configure(
  settings: Settings,
): Pick<CollectorOptions, 'keys' | 'sinks' | 'signingKeys' | 'rateLimiter' | 'receiptKeys'> {
  const signingKeys = parseSigningKeys('SIGNING_KEYS', settings.SIGNING_KEYS)
  const { RATE_LIMIT } = settings
  return {
    keys: toKeys(settings, signingKeys.length > 0),
    signingKeys,
    receiptKeys: parseSigningKeys('RECEIPT_KEYS', settings.RECEIPT_KEYS),
    sinks: toSinks(settings),
    ...(RATE_LIMIT && { rateLimiter: bindingRateLimiter({ binding: RATE_LIMIT, ...RATE_LIMIT_SIMPLE }) }),
  }
}

/** The `simple` of RATE_LIMIT in wrangler.jsonc, which a Worker can't read. */
const RATE_LIMIT_SIMPLE = { limit: 60_000, period: 60 }

export const isDevelopment = ({ ENVIRONMENT }: Settings): boolean => ENVIRONMENT === 'development'

function toKeys(settings: Settings, hasOthers: boolean): WriteKey[] {
  const isOptional = hasOthers || isDevelopment(settings)
  const keys = isOptional && !settings.WRITE_KEYS ? [] : parseWriteKeys('WRITE_KEYS', settings.WRITE_KEYS)
  return isDevelopment(settings) ? [...keys, developmentKey] : keys
}

function toSinks({ EVENTS, WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_FORMAT }: Settings): Sink[] {
  const sinks: Sink[] = []
  if (EVENTS) sinks.push(r2Sink({ bucket: EVENTS }))
  if (WEBHOOK_URL) {
    const format = WEBHOOK_FORMAT || 'json'
    if (format !== 'json' && format !== 'ndjson') {
      throw new ConfigurationError(`WEBHOOK_FORMAT: set it to json or ndjson; it is '${format}'.`)
    }
    const secret = WEBHOOK_SECRET ? WEBHOOK_SECRET.split(/ +(?=whsec_)/) : undefined
    sinks.push(webhookSink({ url: WEBHOOK_URL, secret, format }))
  }
  if (sinks.length === 0) {
    throw new ConfigurationError('EVENTS, WEBHOOK_URL: bind an R2 bucket as EVENTS, or set WEBHOOK_URL, or both.')
  }
  return sinks
}
