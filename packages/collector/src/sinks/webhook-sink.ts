import { fail, isSeq, ok } from '@waybill/protocol'
import { attempt } from '../core/attempt.ts'
import type { Batch } from '../core/batch.ts'
import type { Bytes } from '../core/bytes.ts'
import { checkHeaders } from '../core/check-header.ts'
import { checkNothingElse } from '../core/check-kind.ts'
import { checkUrl } from '../core/check-url.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { fingerprint } from '../core/fingerprint.ts'
import { type Fetch, readText, toHttpFault } from '../core/http.ts'
import { toIdempotencyKey } from '../core/idempotency-key.ts'
import { toJsonArray, toNdjson } from '../core/join-lines.ts'
import type { RefusalFault, Sink } from '../core/sink.ts'
import { toGeneration } from '../core/to-generation.ts'
import { traceHeaders } from '../core/trace-headers.ts'
import { createSigner } from './sign-webhook.ts'

export interface WebhookSinkOptions {
  /** https; http only to this machine. Redirects are not followed. */
  url: string
  /**
   * 24 to 64 random bytes: `whsec_` and base64, or any text. Several, newest first, while the receiver goes over from the old
   * one to the new one: each request is signed with every one of them. Left out, requests are not signed; `undefined`, as an
   * environment variable is that is not set, is refused.
   */
  secret?: string | readonly string[]
  /** A JSON array of complete events, or one per line. Default `json`. */
  format?: 'json' | 'ndjson'
  /** Sent along, an `Authorization` for instance. Whitespace around a value, a line break too, is left out. */
  headers?: Readonly<Record<string, string>>
  /** Default `webhook`. */
  name?: string
  /** Default `true`. */
  required?: boolean
  /** Default: the platform's. */
  fetch?: Fetch
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
}

const formats = {
  json: { contentType: 'application/json', join: toJsonArray },
  ndjson: { contentType: 'application/x-ndjson', join: toNdjson },
} satisfies Record<string, { contentType: string; join: (lines: readonly Bytes[]) => Bytes }>

/**
 * Posts each batch as Standard Webhooks describes it. Any 2xx means taken. 422 with `{"refused":[<seq>, …],"detail"?}` means that
 * nothing was taken, and nothing will be while these events are in it: it is posted again at once, with a tombstone in the
 * place of each. All else leaves the batch with the client. `webhook-id` is the batch id with the beginning of the digest,
 * `<batch id>~<16 hex digits>`: the same on every repeat, and another one for a fork. The receiver deduplicates by it, and
 * must not take what it refused for known.
 */
export function webhookSink(options: WebhookSinkOptions): Sink {
  const {
    url,
    secret,
    format = 'json',
    headers = {},
    name = 'webhook',
    required = true,
    fetch = (...request) => globalThis.fetch(...request),
    now = Date.now,
    ...others
  } = options
  checkNothingElse('webhook', others)
  const { origin } = checkUrl(url, { setting: 'webhook url', example: 'https://example.com/hook' })
  if (!Object.hasOwn(formats, format)) {
    throw new ConfigurationError(`webhook format: use 'json' or 'ndjson'; it is '${format}'.`)
  }
  const { contentType, join } = formats[format]
  checkHeaders('webhook headers', headers)
  const own = new Headers(headers)
  // A secret that is there, and `undefined`, is one that nobody has set: unsigned is only what never mentions one.
  const sign = 'secret' in options ? createSigner([secret].flat()) : undefined

  async function toRequest(batch: Batch, signal: AbortSignal): Promise<RequestInit> {
    const body = join(batch.lines)
    const timestamp = Math.floor(now() / 1000)
    const all = new Headers(own)
    for (const [name, value] of Object.entries(traceHeaders(batch))) all.set(name, value)
    all.set('Content-Type', contentType)
    const id = toIdempotencyKey(batch)
    all.set('webhook-id', id)
    all.set('webhook-timestamp', String(timestamp))
    if (sign) all.set('webhook-signature', await sign(id, timestamp, body))
    return { method: 'POST', redirect: 'manual', headers: all, body, signal }
  }

  return {
    name,
    guarantee: 'accepted',
    required,
    // A path, a query or a header may be a secret, and say whose the batches are there.
    generation: toGeneration(`${origin} ${fingerprint(JSON.stringify([url, ...own]))}`),
    idempotency: { key: '`webhook-id`: batch id and digest', window: "the receiver's" },
    deliver: (batch, signal) =>
      attempt(async () => {
        const answer = await fetch(url, await toRequest(batch, signal))
        const refusal = await readRefusal(answer)
        if (answer.ok) return ok(undefined)
        return fail(refusal ?? toHttpFault(answer, now()))
      }),
  }
}

/** Enough for the seqs of the largest batch, in bytes. */
const ANSWER = 16_384

/** Which events a receiver refuses, if that is what it answers. An unread body keeps its connection busy. */
async function readRefusal(answer: Response): Promise<RefusalFault | undefined> {
  if (answer.status !== 422) {
    await answer.body?.cancel()
    return undefined
  }
  try {
    const { refused, detail } = JSON.parse(await readText(answer, ANSWER))
    if (!Array.isArray(refused) || refused.length === 0 || !refused.every(isSeq)) return undefined
    return { kind: 'refused', seqs: refused, ...(typeof detail === 'string' && { detail: detail.slice(0, 256) }) }
  } catch {
    return undefined
  }
}
