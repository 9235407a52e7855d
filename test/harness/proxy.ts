import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { gunzipSync } from 'node:zlib'
import type { BatchHeader } from '@waybill/protocol'
import { listen } from './listen.ts'
import { readBody } from './read-body.ts'

/** One request that came to the proxy, whatever became of it. */
export interface Seen {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer<ArrayBuffer>
}

/** What stands between a browser and the collector, and does what networks do. Its port outlives the collector. */
export interface Proxy extends AsyncDisposable {
  /** The origin that pages use as the collector's. */
  url: string
  /** Every request, in the order they came. */
  seen: readonly Seen[]
  /** The requests for `/v1/events` with a body. */
  batches(): Seen[]
  /** Hands everything on; the state it starts in. */
  pass(): void
  /** Ends every connection without an answer. */
  refuse(): void
  /** Answers everything itself with 400 and a page of HTML that any origin may read, as some middleboxes do. */
  answerWithHtml(): void
  /** Does this with every batch until told otherwise. */
  act(act: Act): void
  /** Ends the connection of every batch of more than one packet as soon as its first has come. */
  breakUploads(): void
  /** How many it broke so. */
  brokenUploads(): number
  /** Keeps every request waiting until `pass` lets them all through. */
  hold(): void
  /** Hands the next batch on, and ends the connection when the collector has answered. */
  loseNextAnswer(): void
  close(): Promise<void>
}

/** What becomes of one batch; `pass` hands it on. */
export type Act = (batch: Seen, response: ServerResponse, pass: () => Promise<void>) => void | Promise<void>

type Handler = (seen: Seen, response: ServerResponse) => void | Promise<void>

export async function startProxy({ upstream }: { upstream: string }): Promise<Proxy> {
  const seen: Seen[] = []
  let answersToLose = 0
  let breaking = false
  let broken = 0
  let held = Promise.withResolvers<void>()
  let handle: Handler = forward

  async function forward(request: Seen, response: ServerResponse): Promise<void> {
    const answer = await ask(upstream, request)
    const body = await readBody(answer)
    if (answersToLose > 0 && isBatch(request)) {
      answersToLose -= 1
      response.destroy()
      return
    }
    response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers)).end(body)
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request
    if (breaking && isBatch({ method, path })) {
      request.once('data', () => {
        broken += 1
        request.socket.resetAndDestroy()
      })
      return
    }
    const one = { method, path, headers, body: await readBody(request) }
    seen.push(one)
    await handle(one, response)
  }

  const server = await listen((request, response) => {
    // A collector that is down looks like a network that is down.
    onRequest(request, response).catch(() => response.destroy())
  })

  return {
    url: server.url,
    seen,
    batches: () => seen.filter(isBatch),
    pass() {
      handle = forward
      breaking = false
      held.resolve()
    },
    refuse() {
      handle = (_, response) => {
        response.destroy()
      }
      server.server.closeAllConnections()
    },
    answerWithHtml() {
      handle = (_, response) => {
        const headers = { 'content-type': 'text/html', 'access-control-allow-origin': '*' }
        response.writeHead(400, headers).end('<!doctype html><title>Blocked</title><h1>Bad Request</h1>')
      }
    },
    act(act) {
      handle = (request, response) => {
        const pass = () => forward(request, response)
        return isBatch(request) ? act(request, response, pass) : pass()
      }
    },
    breakUploads() {
      breaking = true
    },
    brokenUploads: () => broken,
    hold() {
      held = Promise.withResolvers()
      const { promise } = held
      handle = async (request, response) => {
        await promise
        await forward(request, response)
      }
    },
    loseNextAnswer() {
      answersToLose += 1
    },
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

/** The lines of a batch as the client made them: every inflated byte after the first LF. Only these are the same on a repeat. */
export function clientBytes(seen: Seen): Buffer {
  const inflated = inflate(seen)
  return inflated.subarray(inflated.indexOf('\n') + 1)
}

/** The line before them, which differs from one presentation to the next. */
export function headerOf(seen: Seen): BatchHeader {
  const inflated = inflate(seen)
  return JSON.parse(inflated.toString('utf8', 0, inflated.indexOf('\n')))
}

const inflate = ({ path, body }: Seen): Buffer =>
  new URL(path, 'http://localhost').searchParams.get('encoding') === 'gzip' ? gunzipSync(body) : body

const isBatch = ({ method, path }: Pick<Seen, 'method' | 'path'>) => method === 'POST' && path.startsWith('/v1/events')

const ask = (upstream: string, { method, path, headers, body }: Seen): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const url = new URL(path, upstream)
    const sent = { ...withoutHopByHop(headers), host: url.host, 'content-length': body.length }
    send(url, { method, headers: sent, agent: false }).once('response', resolve).once('error', reject).end(body)
  })

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...rest } = headers
  return rest
}
