import {
  type Bucket,
  bindingRateLimiter,
  ConfigurationError,
  defineCollector,
  type EnrichOptions,
  parseJson,
  parseSigningKeys,
  parseWriteKeys,
  type RateLimitBinding,
  type Revocation,
  r2Sink,
  type Sink,
  webhookSink,
  workersSignatureCache,
} from '@waybill/collector'

// All there is to configure. The Worker is this file, and `waybill check` reads it, too. What is secret comes with `env`:
// bindings, variables and secrets of the Worker.

/** `Env` of worker-configuration.d.ts has what wrangler.jsonc binds; this is what else may be set. */
export interface Settings {
  /** An R2 bucket; when it is bound, every batch is kept there. */
  EVENTS?: Bucket
  /** The `bucket_name` of EVENTS, which its binding does not say: wrangler.jsonc sets it. */
  EVENTS_BUCKET?: string
  /** Who may write: `{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}`; `"origins": "server"` for servers. */
  WRITE_KEYS?: string
  /** What signed write keys are signed with: `[{"id": "1", "secret": "<what waybill key secret prints>"}]`. */
  SIGNING_KEYS?: string
  /** Signed keys that are taken no more: `[{"id": "shop", "before": "2026-11-22T10:00:00Z"}]`, those of a site from before then. */
  REVOKED?: string
  /** What of the sender events tell, beside the country: `{"geo": "city", "userAgent": true, "ip": "hashed", "ipSecret": "…"}`. */
  ENRICH?: string
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

/** The `simple` of RATE_LIMIT in wrangler.jsonc, which a Worker can't read. */
const RATE_LIMIT_SIMPLE = { limit: 60_000, period: 60 }

export default defineCollector((env: Settings) => {
  const development = env.ENVIRONMENT === 'development'
  const signingKeys = parseSigningKeys('SIGNING_KEYS', env.SIGNING_KEYS)
  if (!env.EVENTS && !env.WEBHOOK_URL) {
    throw new ConfigurationError('EVENTS, WEBHOOK_URL: bind an R2 bucket as EVENTS, or set WEBHOOK_URL, or both.')
  }
  const enrich = parseJson<EnrichOptions>('ENRICH', env.ENRICH, '{"geo": "city"}')
  const revoked = parseJson<Revocation[]>('REVOKED', env.REVOKED, '[{"id": "shop", "before": "2026-11-22T10:00:00Z"}]')
  return {
    development,
    // Development has a key of its own, and needs no other; nor does who signs keys.
    keys:
      (development || signingKeys.length > 0) && !env.WRITE_KEYS ? [] : parseWriteKeys('WRITE_KEYS', env.WRITE_KEYS),
    signingKeys,
    ...(revoked !== undefined && { revoked }),
    ...(enrich !== undefined && { enrich }),
    receiptKeys: parseSigningKeys('RECEIPT_KEYS', env.RECEIPT_KEYS),
    ...(env.RATE_LIMIT && { rateLimiter: bindingRateLimiter({ binding: env.RATE_LIMIT, ...RATE_LIMIT_SIMPLE }) }),
    // Node, where this file is checked, has no such cache: its default is in memory.
    ...('caches' in globalThis && { signatureCache: workersSignatureCache() }),
    sinks: [
      toBucketSink(env),
      env.WEBHOOK_URL &&
        webhookSink({
          url: env.WEBHOOK_URL,
          ...(env.WEBHOOK_SECRET && { secret: env.WEBHOOK_SECRET.split(/ +(?=whsec_)/) }),
          format: toFormat(env.WEBHOOK_FORMAT),
        }),
    ],
  }
}) satisfies ExportedHandler<Env & Settings>

function toBucketSink({ EVENTS, EVENTS_BUCKET }: Settings): Sink | undefined {
  if (!EVENTS) return
  if (EVENTS_BUCKET) return r2Sink({ bucket: EVENTS, bucketName: EVENTS_BUCKET })
  throw new ConfigurationError('EVENTS_BUCKET: set it to the bucket_name of EVENTS, among the vars of wrangler.jsonc.')
}

function toFormat(format: string | undefined): 'json' | 'ndjson' {
  if (!format) return 'json'
  if (format === 'json' || format === 'ndjson') return format
  throw new ConfigurationError(`WEBHOOK_FORMAT: set it to json or ndjson; it is '${format}'.`)
}
