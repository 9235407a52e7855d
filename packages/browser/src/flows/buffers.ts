import type { Contents } from '../core/adopt.ts'
import type { Consent, ConsentDecision } from '../core/consent.ts'
import { describe } from '../core/describe.ts'
import type { DropReason } from '../core/drop-reason.ts'
import type { Operation } from '../core/operation.ts'
import { parseObject } from '../core/parse-object.ts'
import type { StreamState } from '../core/records.ts'
import type { Holdings } from '../core/stats.ts'
import type { Store } from '../core/store.ts'
import { type Buffer, type BufferOptions, createBuffer } from './buffer.ts'
import type { TrackResult, Waiting } from './stamping.ts'

export interface BuffersOptions extends Omit<BufferOptions, 'onHindered' | 'origin'> {
  createMemoryStore: () => Store
  /** What the visitor has decided, as far as this page knows. */
  consent: () => Consent
  /** The store says that these may not be stored. */
  onConsent: (waiting: Waiting[], consent: Exclude<Consent, 'granted'>) => void
  /** What was kept in memory went with what was to be forgotten, though it came after it. */
  onLost: (lost: { reason: DropReason }) => void
}

/** A buffer that outlives its store. */
export interface Buffers
  extends Pick<
    Buffer,
    'submit' | 'flushNow' | 'settled' | 'permit' | 'sweep' | 'leave' | 'maybeLeave' | 'run' | 'halt'
  > {
  /** The buffer in which new events are kept, then any other that still holds some. */
  current: () => [Buffer, ...Buffer[]]
  /** What the store holds; rejects where it can't be read. */
  read: () => Promise<Holdings>
  forget: (at: number, decision?: ConsentDecision, since?: number) => Promise<void>
  /** Another tab empties the store: memory, which can't be told by it, forgets what it began to keep before this. */
  forgetMemory: (since: number) => unknown
}

/** How often to try whether the store is back. In ms. */
const RETRY = 30_000

/**
 * Keeps events in the store. While it fails they are kept in memory, as a stream of their own, and sent from there; when
 * it works again it adopts them. What a store holds that can't be written waits: a cut is on the disk before it is sent.
 */
export function createBuffers(options: BuffersOptions): Buffers {
  const { createMemoryStore, delay, onConsent, onError, onLost, onRecorded, boots = new Map() } = options
  let memory: Buffer | undefined
  /** When the first of what it keeps happened, ms since 1970. */
  let begunAt = 0
  let reset = false
  /** What memory has gone on from. */
  let origin: StreamState | undefined
  /** Since when this page was told to forget what was before, in ms since 1970. */
  let forgottenAt = 0
  /** What is submitted while one of the two takes over from the other: it comes after what is handed over. */
  let queued: Waiting[] | undefined
  /** Nothing may be stored or sent: the visitor's word is not known any more. */
  let halted = false
  let handover: Promise<void> | undefined
  let adoption: Promise<void> | undefined

  const durable = createBuffer({
    ...options,
    boots,
    onRecorded(batch) {
      onRecorded(batch)
      takeBack() // There is room again, if a full disk was the trouble.
    },
    onHindered(waiting, hindrance) {
      if ('consent' in hindrance) return onConsent(waiting, hindrance.consent)
      goOnInMemory(hindrance.error)
      // The store can't tell them any more that they were to be forgotten.
      const since = forgottenAt <= options.now() ? forgottenAt : 0
      const isForgotten = ({ operation }: Waiting) => operation.at < since
      for (const { resolve } of waiting.filter(isForgotten)) resolve({ status: 'dropped', reason: 'forgotten' })
      const kept = waiting.filter((call) => !isForgotten(call))
      begunAt = Math.min(begunAt, ...kept.map(({ operation }) => operation.at))
      forward(kept, adoption ? submit : pass)
    },
  })

  function goOnInMemory(error: unknown): void {
    if (memory) return
    onError({ code: 'storage', detail: describe(error) })
    reset = false
    begunAt = options.now()
    origin = durable.stream()
    memory = createBuffer({
      ...options,
      boots,
      store: createMemoryStore(),
      lastWords: { write: () => false, read: () => [], remove() {} }, // They would outlive the stream's memory.
      lock: (work) => work(), // No other tab sees this store.
      assumedConsent: options.consent,
      owes: undefined,
      origin,
      onHindered(waiting, hindrance) {
        if ('consent' in hindrance) return onConsent(waiting, hindrance.consent)
        onError({ code: 'internal', detail: describe(hindrance.error) })
        for (const { resolve } of waiting) resolve({ status: 'dropped', reason: 'internal' })
      },
    })
    // A decision that could not be written down.
    if (options.assumedConsent() !== 'granted') memory.permit(options.now())
    keepTrying(memory)
    if (!queued) handover = awaitHandover()
  }

  /** Other transactions of the store may still fail with what was tracked before. */
  async function awaitHandover(): Promise<void> {
    queued = []
    await durable.settled()
    release()
  }

  function release(): void {
    const waiting = queued ?? []
    queued = undefined
    forward(waiting)
  }

  async function keepTrying(own: Buffer): Promise<void> {
    while (memory === own) {
      await delay(RETRY)
      await takeBack()
    }
  }

  async function takeBack(): Promise<void> {
    await handover
    if (memory && !queued && !halted) {
      adoption = adoptFrom(memory).then(() => {
        adoption = undefined
      })
    }
    return adoption
  }

  /** What is promised to be in memory may be in the store a moment later; nothing is in both. */
  async function adoptFrom(own: Buffer): Promise<void> {
    queued = []
    try {
      own.halt() // It cuts nothing any more: a batch is cut once, and by one of the two.
      await own.settled()
      const { state, ...contents } = await own.contents()
      const ended = reset ? Object.keys(origin?.spans ?? {}) : undefined
      const isLost = state && !(await durable.adopt({ ...contents, state, origin }, ended))
      // Else it was told when memory was dropped.
      if (isLost && memory === own) tellLost(contents)
      if (memory === own) memory = undefined
      // Counted on: what was refused is written down with the next event.
      for (let refused = own.refused(); refused > 0; refused--) durable.submit('internal')
      await own.forget(options.now()) // An answer that is still to come finds nothing: the store presents the batch again.
      durable.flushNow()
    } catch {
      own.run() // Not yet.
    }
    release()
  }

  /** Its events are one person's, who is to be forgotten; of those that came later the app was told that they are kept. */
  function dropMemory(since: number): Promise<void> | undefined {
    const own = memory
    memory = undefined
    own?.halt()
    // The store's person is the one to be forgotten.
    durable.know(undefined)
    return own?.contents().then((contents) => {
      tellLost(contents, since)
      return own.forget(options.now())
    })
  }

  function tellLost({ rows }: Pick<Contents, 'rows'>, since = begunAt): void {
    const isLater = (text: unknown) => Date.parse(String(parseObject(text as string).timestamp)) >= since
    for (const [, text] of rows) {
      if (!isLater(text)) continue
      durable.submit('forgotten')
      onLost({ reason: 'forgotten' })
    }
  }

  function submit(operation: Operation | DropReason): Promise<TrackResult> {
    if (queued && typeof operation === 'object') {
      const queue = queued
      return new Promise((resolve) => queue.push({ operation, resolve }))
    }
    return pass(operation)
  }

  function pass(operation: Operation | DropReason): Promise<TrackResult> {
    if (memory && typeof operation === 'object' && operation.kind === 'reset') reset = true
    return (memory ?? durable).submit(operation)
  }

  const forward = (waiting: Waiting[], to = submit) => {
    for (const { operation, resolve } of waiting) to(operation).then(resolve)
  }

  const each = (visit: (buffer: Buffer) => void) => current().forEach(visit)
  const current = (): [Buffer, ...Buffer[]] => (memory ? [memory, durable] : [durable])

  return {
    current,
    submit,
    read: () => durable.read(),
    permit: (at) => durable.permit(at),
    sweep: () => durable.sweep(),
    async settled() {
      await handover
      await adoption
      for (const buffer of current()) await buffer.settled()
    },
    async flushNow(force) {
      const waits = await Promise.all(current().map((buffer) => buffer.flushNow(force)))
      return waits.reduce((least, wait) => (wait === undefined || (least ?? wait) < wait ? least : wait), undefined)
    },
    async forget(at, decision, since = at) {
      forgottenAt = Math.min(since, options.now())
      // What memory has begun to keep since is not to be forgotten, unless nothing may be kept.
      const isOld = decision === 'denied' || begunAt < since
      await Promise.all([isOld && dropMemory(since), durable.forget(at, decision, since)])
    },
    forgetMemory: (since) => begunAt < since && dropMemory(since),
    leave() {
      // In memory they would go with the page; the store may have come back.
      for (const { operation, resolve } of queued?.splice(0) ?? []) durable.submit(operation).then(resolve)
      each((buffer) => buffer.leave())
    },
    maybeLeave: () => each((buffer) => buffer.maybeLeave()),
    run(online) {
      halted = false
      // What is being adopted cuts nothing any more.
      each((buffer) => (buffer === memory && adoption ? undefined : buffer.run(online)))
      takeBack()
    },
    halt() {
      halted = true
      each((buffer) => buffer.halt())
    },
  }
}
