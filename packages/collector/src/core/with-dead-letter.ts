import { fail, ok, type Result } from '@waybill/protocol'
import type { Batch } from './batch.ts'
import { type Bytes, concat } from './bytes.ts'
import { digest } from './digest.ts'
import { findEvent } from './find-event.ts'
import type { Platform } from './platform.ts'
import { sha256 } from './sha256.ts'
import type { RefusalFault, Sink, TransientFault } from './sink.ts'
import { NO_EVENTS, withTombstones } from './with-tombstones.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The sink, with what it refuses handed to another one before tombstones take its place. A dead letter is the event as it
 * was; why it is there stands in what the collector adds to it, `"received":{…,"refusedBy":{"sink":"webhook","detail":"…"}}`.
 * As long as the other does not have them, the batch stays with the client. What the other refuses as well becomes a
 * tombstone there, too. Letters come under the id and range of their batch, with a digest of their own, the same on every
 * repeat.
 */
export function withDeadLetter(sink: Sink, deadLetter: Sink, hash: Platform['sha256'] = sha256): Sink {
  async function deliver(batch: Batch, signal: AbortSignal): ReturnType<Sink['deliver']> {
    const result = await sink.deliver(batch, signal)
    if (result.ok || result.fault.kind === 'transient') return result
    const letters = await toLetters(batch, sink.name, result.fault, hash)
    if (!letters) return result
    const kept = await deliverLetters(deadLetter, letters, signal)
    if (kept.ok) return result
    return fail({ ...kept.fault, detail: `dead-letter sink '${deadLetter.name}': ${kept.fault.detail}` })
  }
  // It stays the sink that it was in all that is asked of it beside; a method is called on its own object, though.
  const ready = sink.ready && { ready: (signal: AbortSignal) => sink.ready?.(signal) ?? Promise.resolve(ok(undefined)) }
  return Object.assign(Object.create(sink) as Sink, { deliver, ...ready })
}

async function deliverLetters(
  deadLetter: Sink,
  letters: Batch,
  signal: AbortSignal,
): Promise<Result<void, TransientFault>> {
  for (let pending: Batch | undefined = letters; pending; ) {
    const result = await deadLetter.deliver(pending, signal)
    if (result.ok) return ok(undefined)
    const { fault } = result
    if (fault.kind === 'transient') return fail(fault)
    pending = withTombstones(pending, fault.seqs)?.batch
  }
  return fail({ kind: 'transient', detail: NO_EVENTS })
}

/** The events that were refused, as a batch; none when none of them is an event of the batch. */
async function toLetters(
  batch: Batch,
  sink: string,
  { seqs, detail }: RefusalFault,
  hash: Platform['sha256'],
): Promise<Batch | undefined> {
  const refused = [...new Set(seqs)].toSorted((a, b) => a - b)
  const found = refused.flatMap((seq) => findEvent(batch.lines, seq) ?? [])
  if (found.length === 0) return
  const identity = JSON.stringify([batch.digest, sink, found.map(({ event }) => event.seq)])
  return {
    ...batch,
    digest: await digest(encoder.encode(identity), hash),
    lines: found
      .flatMap(({ index }) => batch.lines.slice(index, index + 1))
      .map((line) => appendRefusedBy(line, { sink, detail })),
  }
}

/** The collector's own member is the last of a line: its text is added to, and the client's is not written anew. */
function appendRefusedBy(line: Bytes, refusedBy: { sink: string; detail: string | undefined }): Bytes {
  const text = `"refusedBy":${JSON.stringify(refusedBy)}`
  const { received } = JSON.parse(decoder.decode(line))
  return received
    ? concat([line.subarray(0, -2), encoder.encode(`,${text}}}`)])
    : concat([line.subarray(0, -1), encoder.encode(`,"received":{${text}}}`)])
}
