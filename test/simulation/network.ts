import type { Life, Scheduler } from './scheduler.ts'

/** A request as it travels. */
export interface Presented {
  url: string
  method: 'POST'
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
  /** The connection breaks after so many bytes of it. */
  cutAt?: number
}

/** An answer as it travels. */
interface Answered {
  status: number
  headers: Headers
  body: Uint8Array
}

/** Takes a request; answers later, or never. */
type Server = (request: Presented, answer: (answered: Answered) => void) => void

/** What the network does to requests from now on. */
export interface Weather {
  /** Nothing gets through. */
  offline: boolean
  /** From 0 to 1: how likely each of these is for a request or its answer. */
  lose: number
  /** The request gets there twice. */
  repeat: number
  /** Seconds late: overtaken by what comes after. */
  delay: number
  /** The request or its answer ends in the middle. */
  cut: number
  /** Somebody in between answers instead. */
  middlebox: number
}

export const FAIR: Weather = { offline: false, lose: 0, repeat: 0, delay: 0, cut: 0, middlebox: 0 }

export interface Network {
  weather: Weather
  /** As the browser's own, for a page that lives so. With `keepalive` it outlives its page. */
  fetch: (life: Life, url: URL, init: RequestInit) => Promise<Response>
}

export interface NetworkOptions {
  scheduler: Scheduler
  server: Server
  /** A fault was injected. */
  onFault: (kind: string) => void
}

const page = (status: number, headers = new Headers()): Answered => ({
  status,
  headers,
  body: new TextEncoder().encode(`<h1>${status}</h1>`),
})

/** Who answers in the collector's place: hotels, firewalls, blockers, proxies. */
const PORTAL: Answered[] = [
  ...[200, 204, 400, 401, 403, 404, 413, 429].map((status) => page(status)),
  page(503, new Headers({ 'retry-after': '7' })),
]

export function createNetwork({ scheduler, server, onFault }: NetworkOptions): Network {
  const { after, random } = scheduler
  const network: Network = { weather: FAIR, fetch }

  /** Whether this fault strikes now. */
  function strikes(kind: Exclude<keyof Weather, 'offline'>): boolean {
    if (random() >= network.weather[kind]) return false
    onFault(kind)
    return true
  }

  const latency = () => 5 + random() * 50 + (strikes('delay') ? random() * 45_000 : 0)

  function fetch(life: Life, url: URL, init: RequestInit): Promise<Response> {
    const request: Presented = {
      url: url.href,
      method: 'POST',
      headers: { origin: 'https://site.example', ...(init.headers as Record<string, string>) },
      body: init.body as Uint8Array<ArrayBuffer>,
    }
    let ended = false
    return new Promise((resolve, reject) => {
      // Not by the listener's own signal: Node keeps what such a listener reaches for as long as it likes.
      const settle = (how: () => void) => {
        ended = true
        init.signal?.removeEventListener('abort', abort)
        how()
      }
      const fail = (error: Error) => settle(() => reject(error))
      const succeed = (answer: Answered) => settle(() => resolve(toResponse(answer)))
      const abort = () => fail(new DOMException('aborted', 'AbortError'))
      init.signal?.addEventListener('abort', abort)
      const refuse = () => after(latency(), () => fail(new TypeError('Failed to fetch')), life)
      const isGone = () => ended || (life.state === 'gone' && !init.keepalive)

      const arrive = () => {
        if (isGone()) return
        if (strikes('cut')) {
          server({ ...request, cutAt: Math.floor(random() * request.body.length) }, refuse)
          return
        }
        let answered = false
        server(request, (answer) => {
          if (answered) return
          answered = true
          if (network.weather.offline || strikes('lose')) refuse()
          else after(latency(), () => succeed(answer), life)
        })
      }
      const toResponse = ({ status, headers, body }: Answered): Response => {
        const whole = !strikes('cut')
        const chunks = [whole ? body : body.subarray(0, Math.floor(random() * body.length))]
        const read = async () => {
          const value = chunks.shift()
          if (!value && !whole) throw new TypeError('network error')
          return { value, done: !value }
        }
        return { status, headers, body: { getReader: () => ({ read }) } } as unknown as Response
      }

      if (network.weather.offline || strikes('lose')) return void refuse()
      if (strikes('middlebox')) {
        const answer = PORTAL[Math.floor(random() * PORTAL.length)] as Answered
        return void after(latency(), () => succeed(answer), life)
      }
      after(latency(), arrive)
      if (strikes('repeat')) after(latency(), arrive)
    })
  }

  return network
}
