import { fail, ok } from '@waybill/protocol'
import { abortable } from '../core/abortable.ts'
import { attempt } from '../core/attempt.ts'
import type { Batch } from '../core/batch.ts'
import { checkBinding, checkNothingElse, checkPrefix, checkText } from '../core/check-kind.ts'
import { toNdjson } from '../core/join-lines.ts'
import { toForkKey, toObjectKey } from '../core/object-key.ts'
import type { Sink } from '../core/sink.ts'
import { toGeneration } from '../core/to-generation.ts'

/** So much of an `R2Bucket` as is used: written out, so that these types ask for no others. */
export interface Bucket {
  head(key: string): Promise<{ customMetadata?: Record<string, string> } | null>
  /** Answers `null` when `onlyIf` does not hold. */
  put(
    key: string,
    value: Uint8Array,
    options: {
      onlyIf: { etagDoesNotMatch: string }
      httpMetadata: { contentType: string }
      customMetadata: Record<string, string>
    },
  ): Promise<object | null>
}

export interface R2SinkOptions {
  /** An R2 binding. */
  bucket: Bucket
  /** What the bucket is called in the Wrangler configuration: its binding does not say. */
  bucketName: string
  /** Put before every key, `events/`. Default: nothing. */
  prefix?: string
  /** Default `r2`. */
  name?: string
  /** Default `true`. */
  required?: boolean
}

/**
 * Writes each batch as one NDJSON object, once: a key is only written where there is none, and a repeat is told by the
 * digest in the metadata, for as long as the object is there. Another digest under the same id means a forked
 * stream, or that something else was rejected; the batch is written beside the first and never over it.
 */
export function r2Sink({
  bucket,
  bucketName,
  prefix = '',
  name = 'r2',
  required = true,
  ...others
}: R2SinkOptions): Sink {
  checkNothingElse('r2', others)
  checkBinding('r2 bucket', bucket, ['head', 'put'], 'an R2 bucket')
  checkText('r2 bucketName', bucketName, 'set it to what the bucket is called in wrangler.jsonc')
  checkPrefix('r2 prefix', prefix)
  /** Whether the batch is at this key now. */
  async function record(key: string, batch: Batch): Promise<boolean> {
    const written = await bucket.put(prefix + key, toNdjson(batch.lines), {
      onlyIf: { etagDoesNotMatch: '*' },
      httpMetadata: { contentType: 'application/x-ndjson' },
      customMetadata: { digest: batch.digest, batchId: batch.batchId },
    })
    if (written) return true
    const present = await bucket.head(prefix + key)
    return present?.customMetadata?.digest === batch.digest
  }

  return {
    name,
    guarantee: 'durable',
    required,
    generation: toGeneration(`${bucketName}/${prefix}`),
    idempotency: { key: 'the object key and the digest in its metadata', window: 'as long as the object is there' },
    deliver: (batch, signal) =>
      attempt(async () => {
        const recorded = async () =>
          (await record(toObjectKey(batch), batch)) || (await record(toForkKey(batch), batch))
        if (await abortable(recorded(), signal)) return ok(undefined)
        return fail({ kind: 'transient', detail: 'both keys are taken by other bytes' })
      }),
    ready: (signal) =>
      attempt(async () => {
        await abortable(bucket.head(`${prefix}ready`), signal)
        return ok(undefined)
      }),
  }
}
