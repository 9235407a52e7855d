import { fail, ok } from '@waybill/protocol'
import { AwsV4Signer } from 'aws4fetch'
import { attempt } from '../core/attempt.ts'
import type { Batch } from '../core/batch.ts'
import { checkHeaderValue, toHeaderValue } from '../core/check-header.ts'
import { checkNothingElse, checkPrefix, checkText } from '../core/check-kind.ts'
import { checkUrl } from '../core/check-url.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { digest } from '../core/digest.ts'
import { type Fetch, readText, toHttpFault } from '../core/http.ts'
import { toNdjson } from '../core/join-lines.ts'
import { toForkKey, toObjectKey } from '../core/object-key.ts'
import { sha256 } from '../core/sha256.ts'
import type { Sink } from '../core/sink.ts'
import { toGeneration } from '../core/to-generation.ts'
import { traceHeaders } from '../core/trace-headers.ts'

export interface S3SinkOptions {
  /**
   * Where the bucket is, in either style: `https://my-bucket.s3.eu-central-1.amazonaws.com`, `https://minio.example/my-bucket`.
   * Where the bucket's name means another one for other credentials, as in Ceph with tenants, name the tenant as well:
   * `https://ceph.example/tenant:my-bucket`. https; http only to this machine. Redirects are not followed.
   */
  url: string
  /** The bucket's; `auto` where there are none, as in R2. */
  region: string
  accessKeyId: string
  /** May write and read objects and list the bucket: `s3:PutObject`, `s3:GetObject`, `s3:ListBucket`. */
  secretAccessKey: string
  /** Of temporary credentials. Whitespace around it, a line break too, is left out. */
  sessionToken?: string | undefined
  /** Put before every key, `events/`. Default: nothing. */
  prefix?: string
  /** Default `s3`. */
  name?: string
  /** Default `true`. */
  required?: boolean
  /** Default: the platform's. */
  fetch?: Fetch
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
}

/**
 * Writes each batch as one NDJSON object to an S3-compatible store, under the keys and the rules of the R2 sink: an object
 * is written once, with `If-None-Match: *`, and what is there already is told by the digest in its metadata. The store has
 * to know this condition: AWS, R2, MinIO and Ceph do; one that says that it does not gets no batch, but one that ignores it
 * writes a fork over the first.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function s3Sink({
  url,
  region,
  accessKeyId,
  secretAccessKey,
  sessionToken,
  prefix = '',
  name = 's3',
  required = true,
  fetch = (...request) => globalThis.fetch(...request),
  now = Date.now,
  ...others
}: S3SinkOptions): Sink {
  checkNothingElse('s3', others)
  const { origin, pathname, search, hash } = checkUrl(url, {
    setting: 's3 url',
    example: 'https://s3.example/my-bucket',
  })
  if (search || hash) throw new ConfigurationError("s3 url: end it with the bucket, without '?' and '#'.")
  const bucket = origin + pathname.replace(/\/$/, '')
  for (const [setting, value] of Object.entries({ region, accessKeyId, secretAccessKey })) {
    checkText(`s3 ${setting}`, value)
    checkHeaderValue(`s3 ${setting}`, value)
  }
  const token = sessionToken && toHeaderValue('s3 sessionToken', sessionToken)
  checkPrefix('s3 prefix', prefix)

  async function request(
    key: string,
    signal: AbortSignal,
    init: { method: string; headers?: Record<string, string>; body?: Uint8Array<ArrayBuffer> },
  ): Promise<Response> {
    const { body = new Uint8Array() } = init
    const signed = await new AwsV4Signer({
      ...init,
      url: bucket + key.split('/').map(encodeURIComponent).join('/'),
      headers: { ...init.headers, 'X-Amz-Content-Sha256': await digest(body, sha256) },
      ...{ accessKeyId, secretAccessKey, region, service: 's3' },
      ...(token && { sessionToken: token }),
      datetime: new Date(now()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    }).sign()
    const { method, headers } = signed
    return fetch(signed.url.toString(), { ...init, method, headers, redirect: 'manual', signal })
  }

  /** Whether the batch is at this key now; a fault if that is not known. */
  async function record(key: string, batch: Batch, signal: AbortSignal) {
    const headers = {
      'Content-Type': 'application/x-ndjson',
      'If-None-Match': '*',
      'x-amz-meta-digest': batch.digest,
      'x-amz-meta-batch-id': batch.batchId,
      ...traceHeaders(batch),
    }
    const put = await request(`/${prefix}${key}`, signal, { method: 'PUT', headers, body: toNdjson(batch.lines) })
    const said = await readText(put, 4096)
    if (put.ok) return put.headers.get('ETag') ? ok(true) : fail(toHttpFault(put, now(), NO_ETAG))
    if (put.status !== 412) return fail(toHttpFault(put, now(), toCode(said)))
    const head = await request(`/${prefix}${key}`, signal, { method: 'HEAD' })
    await head.body?.cancel()
    return head.ok ? ok(head.headers.get('x-amz-meta-digest') === batch.digest) : fail(toHttpFault(head, now()))
  }

  return {
    name,
    guarantee: 'durable',
    required,
    generation: toGeneration(`${bucket}/${prefix}`),
    idempotency: { key: 'the object key and the digest in its metadata', window: 'as long as the object is there' },
    deliver: (batch, signal) =>
      attempt(async () => {
        for (const key of [toObjectKey(batch), toForkKey(batch)]) {
          const recorded = await record(key, batch, signal)
          if (!recorded.ok) return recorded
          if (recorded.value) return ok(undefined)
        }
        return fail({ kind: 'transient', detail: 'both keys are taken by other bytes' })
      }),
    ready: (signal) =>
      attempt(async () => {
        const answer = await request('', signal, { method: 'HEAD' })
        await answer.body?.cancel()
        return answer.ok ? ok(undefined) : fail(toHttpFault(answer, now()))
      }),
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const toCode = (xml: string): string | undefined => /<Code>(\w{1,64})<\/Code>/.exec(xml)?.[1]

/**
 * S3 answers a PutObject with the object's ETag, whatever way it is encrypted. A 200 without one is of something else, such as
 * a proxy or a login page. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
const NO_ETAG = 'without an ETag, which whoever stores an object answers with'
