import { type ClientRequest, type IncomingMessage, request as send } from 'node:http'
import { listen } from './listen.ts'
import { readBody } from './read-body.ts'

/** One port before several collectors: it asks them in turn, and the next one where nobody listens. */
export interface Balancer extends AsyncDisposable {
  url: string
  /** Resolves at the moment when the next whole request has been handed to this one. */
  nextSent(upstream: string): Promise<void>
  /** Of those that this one has been handed and has not answered now, how many it never will. Resolves when that is known. */
  lost(upstream: string): Promise<number>
  close(): Promise<void>
}

interface Upstream {
  /** Each resolves to whether it was answered. */
  inFlight: Set<Promise<boolean>>
  sent: PromiseWithResolvers<void>
}

export async function startBalancer(upstreams: readonly string[]): Promise<Balancer> {
  const states = new Map(
    upstreams.map((url): [string, Upstream] => [url, { inFlight: new Set(), sent: Promise.withResolvers() }]),
  )
  const stateOf = (url: string) => states.get(url) as Upstream
  let turn = 0

  /** A request that may have been read is not sent again: whether it was acted on is the client's to find out. */
  async function askOne(url: string, request: IncomingMessage, body: Buffer, onSent: (sent: ClientRequest) => void) {
    const upstream = stateOf(url)
    const target = new URL(request.url ?? '/', url)
    const headers = { ...request.headers, host: target.host, connection: 'close' }
    const sent = send(target, { method: request.method ?? 'GET', headers, agent: false })
    onSent(sent)
    const ended = Promise.withResolvers<boolean>()
    sent.once('finish', () => {
      upstream.inFlight.add(ended.promise)
      upstream.sent.resolve()
      upstream.sent = Promise.withResolvers()
    })
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        sent.once('response', resolve).on('error', reject).end(body)
      })
      const answered = { answer, body: await readBody(answer) }
      ended.resolve(true)
      return answered
    } finally {
      sent.removeAllListeners('finish')
      ended.resolve(false)
      upstream.inFlight.delete(ended.promise)
    }
  }

  const server = await listen(async (request, response) => {
    let sent: ClientRequest | undefined
    response.once('close', () => sent?.destroy())
    try {
      const body = await readBody(request)
      turn += 1
      for (let tried = 0; tried < upstreams.length && !response.destroyed; tried += 1) {
        const url = upstreams[(turn + tried) % upstreams.length] as string
        try {
          const answered = await askOne(url, request, body, (begun) => {
            sent = begun
          })
          const { connection: _, 'transfer-encoding': __, ...headers } = answered.answer.headers
          response.writeHead(answered.answer.statusCode ?? 502, headers).end(answered.body)
          return
        } catch (error) {
          if (!isRefused(error)) throw error
        }
      }
      response.destroy()
    } catch {
      response.destroy()
    }
  })

  return {
    url: server.url,
    nextSent: (url) => stateOf(url).sent.promise,
    lost: async (url) => (await Promise.all(stateOf(url).inFlight)).filter((answered) => !answered).length,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

/** Nobody listened: not a byte was sent. `localhost` is two addresses, and Node tells of both. */
const isRefused = (error: unknown): boolean =>
  error instanceof AggregateError
    ? error.errors.every(isRefused)
    : (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
