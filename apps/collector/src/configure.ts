import {
  type Bucket,
  type CollectorOptions,
  ConfigurationError,
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
export function configure(settings: Settings): Pick<CollectorOptions, 'keys' | 'sinks'> {
  return { keys: toKeys(settings), sinks: toSinks(settings) }
}

export const isDevelopment = ({ ENVIRONMENT }: Settings): boolean => ENVIRONMENT === 'development'

const EXAMPLE = '{"wk_live_…": {"id": "site", "origins": ["https://www.example.com"]}}'

function toKeys(settings: Settings): WriteKey[] {
  const keys = settings.WRITE_KEYS ? parseKeys(settings.WRITE_KEYS) : []
  if (isDevelopment(settings)) keys.push(developmentKey)
  if (keys.length === 0) throw new ConfigurationError(`WRITE_KEYS: set it, to JSON as in ${EXAMPLE}.`)
  return keys
}

function parseKeys(text: string): WriteKey[] {
  let sites: unknown
  try {
    sites = JSON.parse(text)
  } catch {
    throw new ConfigurationError(`WRITE_KEYS: it is not JSON; write it as in ${EXAMPLE}.`)
  }
  if (!isObject(sites)) throw new ConfigurationError(`WRITE_KEYS: it is not an object; write it as in ${EXAMPLE}.`)
  return Object.entries(sites).map(([key, site]) => {
    const { id, origins } = isObject(site) ? site : {}
    if (typeof id !== 'string' || !(origins === 'server' || isTexts(origins))) {
      throw new ConfigurationError(`WRITE_KEYS: '${key}' needs an id and a list of origins, as in ${EXAMPLE}.`)
    }
    return { key, id, origins }
  })
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

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
