import type { IncomingMessage, ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { listen } from '../../harness/listen.ts'
import { readBody } from '../../harness/read-body.ts'
import { toAnswer } from './to-answer.ts'

/** Takes events, answers them with 503, or cuts every connection. */
type Mode = 'take' | 'fail' | 'cut'

/** Where one SDK sends to: answers each as its own server would, and counts the events that it has taken. */
export interface Receiver {
  url: string
  mode: Mode
  /** How often each event was taken, by its number. */
  taken: Map<number, number>
  /** Requests of any kind, preflights included. */
  requests: number
  /** Bytes of the bodies that brought taken events, as they came. */
  bytes: number
  /** Takes so many requests with events and cuts their connections; the ones after it are taken as ever. */
  loseAnswers(count: number): void
  /** Resolves when so many different events were taken, or with false after so many ms. */
  arrived(count: number, timeout: number): Promise<boolean>
  /** Resolves when for so many ms nothing has come. */
  quiet(ms: number): Promise<void>
  close(): Promise<void>
}

const MARKER = /mk-(\d+)-/g

export async function startReceiver(): Promise<Receiver> {
  let toLose = 0
  let lastRequest = performance.now()
  let onTaken = () => {}

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    receiver.requests += 1
    lastRequest = performance.now()
    if (request.method === 'OPTIONS') {
      response.writeHead(204, allow(request)).end()
      return
    }
    const body = await readBody(request)
    const text = inflate(body)
    const numbers = Array.from(text.matchAll(MARKER), ([, number]) => Number(number))
    if (receiver.mode === 'cut') {
      response.destroy()
      return
    }
    if (numbers.length > 0 && receiver.mode === 'fail') {
      response.writeHead(503, allow(request)).end()
      return
    }
    if (numbers.length > 0) receiver.bytes += body.length
    for (const number of numbers) receiver.taken.set(number, (receiver.taken.get(number) ?? 0) + 1)
    onTaken()
    if (numbers.length > 0 && toLose > 0) {
      toLose -= 1
      response.destroy()
      return
    }
    const answer = toAnswer(request.url ?? '/', text)
    const type = { 'content-type': 'application/json' }
    response.writeHead(200, { ...allow(request), ...type }).end(JSON.stringify(answer))
  }

  const server = await listen((request, response) => {
    // A browser that is killed leaves its requests unfinished.
    onRequest(request, response).catch(() => response.destroy())
  })

  const receiver: Receiver = {
    url: server.url,
    mode: 'take',
    taken: new Map(),
    requests: 0,
    bytes: 0,
    loseAnswers(count) {
      toLose = count
    },
    arrived: (count, timeout) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(receiver.taken.size >= count), timeout)
        onTaken = () => {
          if (receiver.taken.size < count) return
          clearTimeout(timer)
          resolve(true)
        }
        onTaken()
      }),
    async quiet(ms) {
      for (;;) {
        const rest = lastRequest + ms - performance.now()
        if (rest <= 0) return
        await new Promise((resolve) => setTimeout(resolve, rest))
      }
    },
    close: server.close,
  }
  return receiver
}

/** What their servers say as well: any page may write, and needs to ask but once. */
const allow = ({ headers }: IncomingMessage) => ({
  'access-control-allow-origin': headers.origin ?? '*',
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': headers['access-control-request-headers'] ?? 'content-type',
  'access-control-max-age': '7200',
  'access-control-expose-headers': 'retry-after',
  'cross-origin-resource-policy': 'cross-origin',
  vary: 'origin',
})

function inflate(body: Buffer): string {
  const bytes = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body
  const text = bytes.toString('utf8')
  if (!text.startsWith('data=')) return text
  // A form: what its only field holds is JSON, or JSON in base64.
  const data = new URLSearchParams(text).get('data') ?? ''
  return data.startsWith('{') || data.startsWith('[') ? data : Buffer.from(data, 'base64').toString('utf8')
}
