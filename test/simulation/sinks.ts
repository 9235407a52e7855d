import { type Bucket, r2Sink, webhookSink } from '../../packages/collector/src/index.ts'
import { type Arrival, createOperations, type Operations, type SimulatedDestination } from './destination.ts'
import type { Life, Scheduler } from './scheduler.ts'

export interface SimulatedDestinationOptions {
  scheduler: Scheduler
  /** Of sinks, in milliseconds: what is slow takes longer. Default 10,000, as the collector's. */
  deadline?: number
  name?: string
}

/** An R2 bucket behind the real sink for it: nothing in it is ever written over. */
export function simulatedR2({
  scheduler,
  deadline = 10_000,
  name = 'r2',
}: SimulatedDestinationOptions): SimulatedDestination {
  const operations = createOperations(scheduler, deadline)
  const shelf = createShelf(scheduler)
  const objects = new Map<string, { customMetadata: Record<string, string> }>()

  const sayFailed = (): never => {
    throw new Error('put: We encountered an internal error. Please try again. (10001)')
  }

  const bucketOf = (caller: Life): Bucket => ({
    head: (key) =>
      operations.run({
        caller,
        takeEffect: () => ({ value: objects.get(key) ?? null, anew: false }),
        sayFailed,
      }),
    put: (key, value, { onlyIf, customMetadata }) =>
      operations.run<object | null>({
        caller,
        takeEffect() {
          if (onlyIf.etagDoesNotMatch !== '*') throw new Error('this bucket knows no other condition')
          const anew = !objects.has(key)
          if (anew) objects.set(key, { customMetadata })
          shelf.put(customMetadata.batchId ?? key, toLines(value), anew)
          return { value: anew ? { key } : null, anew }
        },
        sayFailed,
      }),
  })

  return toDestination(name, operations, shelf, (caller, required) =>
    r2Sink({ bucket: bucketOf(caller), bucketName: name, name, required }),
  )
}

/** A receiver of webhooks that deduplicates by `webhook-id`, behind the real sink for it. */
export function simulatedWebhook({
  scheduler,
  deadline = 10_000,
  name = 'webhook',
}: SimulatedDestinationOptions): SimulatedDestination {
  const operations = createOperations(scheduler, deadline)
  const shelf = createShelf(scheduler)
  const known = new Set<string>()

  /** A connection that breaks, a server that is ill, or one that asks to be left alone for up to two minutes. */
  function sayFailed(): Response {
    const [kind, seconds] = [Math.floor(scheduler.random() * 4), Math.ceil(scheduler.random() * 120)]
    if (kind === 0) throw new TypeError('fetch failed')
    if (kind === 1) return new Response(null, { status: 500 })
    const date = new Date(scheduler.now() + seconds * 1000).toUTCString()
    return kind === 2
      ? new Response(null, { status: 503, headers: { 'Retry-After': date } })
      : new Response(null, { status: 429, headers: { 'Retry-After': String(seconds) } })
  }

  const fetchAs =
    (caller: Life) =>
    (_: string, { headers, body, signal }: RequestInit) => {
      const id = new Headers(headers).get('webhook-id') ?? ''
      const lines = toLines(body as Uint8Array)
      const events = lines.map((line) => JSON.parse(line)).filter(({ event }) => event)
      const refuse = () => {
        const { streamId, seq } = pick(events)
        shelf.refused.add(`${streamId} ${seq}`)
        return Response.json({ refused: [seq] }, { status: 422 })
      }
      return operations.run({
        caller,
        signal,
        takeEffect() {
          const anew = !known.has(id)
          known.add(id)
          // What follows the batch id tells a fork from a repeat.
          shelf.put(id.slice(0, id.indexOf('~')), lines, anew)
          return { value: new Response(null, { status: 204 }), anew }
        },
        sayFailed,
        sayRefused: events.length > 0 ? refuse : undefined,
      })
    }

  const pick = <Item>(items: Item[]) => items[Math.floor(scheduler.random() * items.length)]

  return toDestination(name, operations, shelf, (caller, required) =>
    webhookSink({
      url: 'https://receiver.example/hook',
      format: 'ndjson',
      name,
      required,
      fetch: fetchAs(caller),
      now: () => Math.floor(scheduler.now()),
    }),
  )
}

function toDestination(
  name: string,
  { faults, counts }: Operations,
  { held, arrivals, refused }: Shelf,
  create: (caller: Life, required: boolean) => ReturnType<SimulatedDestination['sinkOf']>,
): SimulatedDestination {
  return { name, faults, counts, held, arrivals, refused, sinkOf: (caller, { required }) => create(caller, required) }
}

/** What was brought to a destination, and what it kept of that. */
interface Shelf {
  held: Map<string, string[][]>
  arrivals: Arrival[]
  refused: Set<string>
  put: (batchId: string, lines: string[], kept: boolean) => void
}

function createShelf(scheduler: Scheduler): Shelf {
  const held: Shelf['held'] = new Map()
  const arrivals: Arrival[] = []
  return {
    held,
    arrivals,
    refused: new Set(),
    put(batchId, lines, kept) {
      arrivals.push({ at: scheduler.now(), batchId, lines, kept })
      if (kept) held.set(batchId, [...(held.get(batchId) ?? []), lines])
    },
  }
}

const decoder = new TextDecoder()

function toLines(ndjson: Uint8Array): string[] {
  const lines = decoder.decode(ndjson).split('\n')
  // What follows the last LF.
  lines.pop()
  return lines
}
