import { fail, isSeq, ok } from '@waybill/protocol'
import type { Batch } from '../core/batch.ts'
import type { Bytes } from '../core/bytes.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { describeError } from '../core/describe-error.ts'
import { isLoopback } from '../core/is-loopback.ts'
import { toJsonArray, toNdjson } from '../core/join-lines.ts'
import { readUpTo } from '../core/read-up-to.ts'
import { parseRetryAfter } from '../core/retry-after.ts'
import type { Sink } from '../core/sink.ts'
import { traceHeaders } from '../core/trace-headers.ts'
import { createSigner, type Signer } from './sign-webhook.ts'

export interface WebhookSinkOptions {
  /** https; http only to this machine. Redirects are not followed. */
  url: string
  /** `whsec_` and base64, or any text. Default: requests are not signed. */
  secret?: string | undefined
  /** A JSON array of complete events, or one per line. Default `json`. */
  format?: 'json' | 'ndjson'
  /** Sent along, an `Authorization` for instance. */
  headers?: Readonly<Record<string, string>>
  /** Default `webhook`. */
  name?: string
  /** Default `true`. */
  required?: boolean
  /** Default: the platform's. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
}

const formats = {
  json: { contentType: 'application/json', join: toJsonArray },
  ndjson: { contentType: 'application/x-ndjson', join: toNdjson },
} satisfies Record<string, { contentType: string; join: (lines: readonly Bytes[]) => Bytes }>

/**
 * Posts each batch as Standard Webhooks describes it. Any 2xx means taken. 422 with `{"refused":[<seq>, …]}` means that
 * nothing was taken, and nothing will be while these events are in it: it is posted again at once, with a tombstone in the
 * place of each. All else leaves the batch with the client. `webhook-id` is the batch id, the same on every repeat: the
 * receiver deduplicates by it, and must not take what it refused for known.
 */
export function webhookSink({
  url,
  secret,
  format = 'json',
  headers = {},
  name = 'webhook',
  required = true,
  fetch = (...request) => globalThis.fetch(...request),
  now = Date.now,
}: WebhookSinkOptions): Sink {
  checkUrl(url)
  if (!Object.hasOwn(formats, format)) {
    throw new ConfigurationError(`webhook format: use 'json' or 'ndjson'; it is '${format}'.`)
  }
  const { contentType, join } = formats[format]
  const sign: Signer | undefined = secret === undefined ? undefined : createSigner(secret)

  async function toRequest(batch: Batch, signal: AbortSignal): Promise<RequestInit> {
    const body = join(batch.lines)
    const timestamp = Math.floor(now() / 1000)
    const all = new Headers(headers)
    for (const [name, value] of Object.entries(traceHeaders(batch))) all.set(name, value)
    all.set('Content-Type', contentType)
    all.set('webhook-id', batch.batchId)
    all.set('webhook-timestamp', String(timestamp))
    if (sign) all.set('webhook-signature', await sign(batch.batchId, timestamp, body))
    return { method: 'POST', redirect: 'manual', headers: all, body, signal }
  }

  return {
    name,
    guarantee: 'accepted',
    required,
    generation: url.slice(0, 256),
    idempotency: { key: '`webhook-id`, the batch id', window: "the receiver's" },
    async deliver(batch, signal) {
      try {
        const answer = await fetch(url, await toRequest(batch, signal))
        const seqs = await readRefusal(answer)
        if (answer.ok) return ok(undefined)
        if (seqs) return fail({ kind: 'refused', seqs })
        const retryAfter = parseRetryAfter(answer.headers.get('Retry-After'), now())
        const fault = { kind: 'transient' as const, detail: `answered ${answer.status}` }
        return fail(retryAfter === undefined ? fault : { ...fault, retryAfter })
      } catch (error) {
        return fail({ kind: 'transient', detail: describeError(error) })
      }
    },
  }
}

/** Enough for the seqs of the largest batch, in bytes. */
const ANSWER = 16_384

/** Which events a receiver refuses, if that is what it answers. An unread body keeps its connection busy. */
async function readRefusal({ status, body }: Response): Promise<number[] | undefined> {
  if (status !== 422 || !body) {
    await body?.cancel()
    return undefined
  }
  const read = await readUpTo(body, ANSWER)
  try {
    const { refused } = JSON.parse(new TextDecoder().decode(read.ok ? read.value.bytes : undefined))
    return Array.isArray(refused) && refused.length > 0 && refused.every(isSeq) ? refused : undefined
  } catch {
    return undefined
  }
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url)
    throw new ConfigurationError(`webhook url: use a whole URL as in 'https://example.com/hook'; it is '${text}'.`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new ConfigurationError(
      `webhook url: use https; only this machine may be reached over http; it is '${url.origin}'.`,
    )
  }
  if (url.username || url.password) {
    throw new ConfigurationError('webhook url: take the user and password out, and send them as a header instead.')
  }
}
