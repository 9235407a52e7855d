import {
  type Bucket,
  ConfigurationError,
  defineCollector,
  parseWriteKeys,
  r2Sink,
  webhookSink,
} from '@waybill/collector'

// All there is to configure. The Worker is this file; `waybill check` and Node read it, too. What is secret comes with
// `env`: bindings, variables and secrets of the Worker, or the variables of the process.

/** `Env` of worker-configuration.d.ts has what wrangler.jsonc binds; this is what else may be set. */
export interface Settings {
  /** An R2 bucket; when it is bound, every batch is kept there. */
  EVENTS?: Bucket
  /** Who may write: `{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}`; `"origins": "server"` for servers. */
  WRITE_KEYS?: string
  /** `development` adds the key `wk_dev` for any origin of this machine, and logs for people. */
  ENVIRONMENT?: string
  /** Every batch is posted there, as Standard Webhooks describes it. */
  WEBHOOK_URL?: string
  /** 24 to 64 bytes, `whsec_` and base64 or any text: signs what is posted. Several of `whsec_`, newest first, with spaces between. */
  WEBHOOK_SECRET?: string
  /** `json`, the default, or `ndjson`. */
  WEBHOOK_FORMAT?: string
}

export default defineCollector((env: Settings) => {
  const development = env.ENVIRONMENT === 'development'
  if (!env.EVENTS && !env.WEBHOOK_URL) {
    throw new ConfigurationError('EVENTS, WEBHOOK_URL: bind an R2 bucket as EVENTS, or set WEBHOOK_URL, or both.')
  }
  return {
    development,
    // Development has a key of its own, and needs no other.
    keys: development && !env.WRITE_KEYS ? [] : parseWriteKeys('WRITE_KEYS', env.WRITE_KEYS),
    sinks: [
      env.EVENTS && r2Sink({ bucket: env.EVENTS }),
      env.WEBHOOK_URL &&
        webhookSink({
          url: env.WEBHOOK_URL,
          secret: env.WEBHOOK_SECRET ? env.WEBHOOK_SECRET.split(/ +(?=whsec_)/) : undefined,
          format: toFormat(env.WEBHOOK_FORMAT),
        }),
    ],
  }
}) satisfies ExportedHandler<Env & Settings>

function toFormat(format: string | undefined): 'json' | 'ndjson' {
  if (!format) return 'json'
  if (format === 'json' || format === 'ndjson') return format
  throw new ConfigurationError(`WEBHOOK_FORMAT: set it to json or ndjson; it is '${format}'.`)
}
