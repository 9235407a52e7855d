import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { CompleteEvent, Tombstone } from '@waybill/protocol'
import { listen } from './listen.ts'
import { readBody } from './read-body.ts'
import { findWebhookFault, newWebhookSecret } from './standard-webhook.ts'

/** What stands for one seq, or for a range of them, at a destination. */
export type Line = CompleteEvent | Tombstone

/** One webhook that the destination took. A repeat is a second delivery with the same batch id. */
export interface Delivery {
  batchId: string
  headers: IncomingHttpHeaders
  body: string
  lines: Line[]
}

/** One request that was taken and is not answered yet. */
interface Held {
  /** Resolves when the request is here, read to its end and recorded. */
  inFlight: Promise<Delivery>
  /** Answers it, or, if it is not here yet, lets it pass. */
  release(): void
}

/** A customer's own server: it takes webhooks, checks their signatures and keeps them in the order they came. */
export interface Destination extends AsyncDisposable {
  url: string
  secret: string
  /** What was taken, oldest first. */
  deliveries: readonly Delivery[]
  /** Why requests were turned away as forged or garbled. */
  faults: readonly string[]
  /** How many requests came, however they were answered. */
  requests(): number
  /** Resolves as soon as the deliveries satisfy the condition; rejects, and says what there is, when they never do. */
  until(satisfied: (deliveries: readonly Delivery[]) => boolean): Promise<void>
  /** Answers 503 to everything, and takes nothing, until told otherwise. */
  refuse(refusing: boolean): void
  /** Takes the next request, and does not answer before it is told to. */
  holdNext(): Held
  /** Takes the next request, and ends the connection without an answer. */
  loseNextAnswer(): void
  /** Waits this many milliseconds before each answer. */
  slowDown(ms: number): void
  close(): Promise<void>
}

const PATIENCE = 60_000

type Behaviour = (delivery: Delivery, response: ServerResponse) => void | Promise<void>

const take: Behaviour = (_, response) => {
  response.writeHead(204).end()
}

export async function startDestination(): Promise<Destination> {
  const secret = newWebhookSecret()
  const deliveries: Delivery[] = []
  const faults: string[] = []
  const next: Behaviour[] = []
  const waiting = new Set<() => void>()
  let requests = 0
  let refusing = false
  let delay = 0

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests += 1
    const body = await readBody(request)
    if (refusing) {
      response.writeHead(503).end()
      return
    }
    const delivery = readDelivery(request.headers, body)
    if (typeof delivery === 'string') {
      faults.push(delivery)
      response.writeHead(401).end()
      return
    }
    deliveries.push(delivery)
    for (const check of waiting) check()
    const behave = next.shift() ?? take
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    await behave(delivery, response)
  }

  function readDelivery(headers: IncomingHttpHeaders, body: Buffer): Delivery | string {
    const fault = findWebhookFault(headers, body, secret)
    if (fault) return fault
    try {
      const text = body.toString('utf8')
      const [batchId = ''] = String(headers['webhook-id']).split('~')
      return { batchId, headers, body: text, lines: parseLines(text) }
    } catch (error) {
      return `the body is neither a JSON array nor NDJSON: ${error}`
    }
  }

  const server = await listen((request, response) => {
    // A connection that the collector's death cut off has nobody left to tell.
    onRequest(request, response).catch(() => response.destroy())
  })

  return {
    url: `${server.url}/webhook`,
    secret,
    deliveries,
    faults,
    requests: () => requests,
    until: (satisfied) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          waiting.delete(check)
          clearTimeout(timer)
          end()
        }
        const check = () => {
          if (satisfied(deliveries)) settle(resolve)
        }
        const timer = setTimeout(() => {
          const held = deliveries.map(({ batchId }) => batchId).join('\n')
          settle(() => reject(new Error(`${requests} requests came, and only this was taken:\n${held}`)))
        }, PATIENCE)
        waiting.add(check)
        check()
      }),
    refuse(value) {
      refusing = value
    },
    holdNext() {
      const arrived = Promise.withResolvers<Delivery>()
      const released = Promise.withResolvers<void>()
      next.push(async (delivery, response) => {
        arrived.resolve(delivery)
        await released.promise
        await take(delivery, response)
      })
      return { inFlight: arrived.promise, release: released.resolve }
    },
    loseNextAnswer() {
      next.push((_, response) => {
        response.destroy()
      })
    },
    slowDown(ms) {
      delay = ms
    },
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

const parseLines = (body: string): Line[] =>
  body.startsWith('[')
    ? JSON.parse(body)
    : body
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
