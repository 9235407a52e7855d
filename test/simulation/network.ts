import type { Life, Scheduler } from './scheduler.ts'

/** A request as it travels. */
export interface Presented {
  url: string
  method: 'POST'
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
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
  /** The answer ends in the middle. */
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

const PORTAL: Answered[] = [
  { status: 200, headers: new Headers(), body: new TextEncoder().encode('<html>Welcome to the hotel</html>') },
  { status: 400, headers: new Headers(), body: new TextEncoder().encode('<h1>Bad Request</h1>') },
  { status: 503, headers: new Headers({ 'retry-after': '7' }), body: new Uint8Array() },
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
      const fail = (error: Error) => {
        ended = true
        reject(error)
      }
      init.signal?.addEventListener('abort', () => fail(new DOMException('aborted', 'AbortError')))
      const refuse = () => after(latency(), () => fail(new TypeError('Failed to fetch')), life)
      const isGone = () => ended || (life.state === 'gone' && !init.keepalive)

      const arrive = () => {
        if (isGone()) return
        let answered = false
        server(request, (answer) => {
          if (answered) return
          answered = true
          if (network.weather.offline || strikes('lose')) refuse()
          else after(latency(), () => resolve(toResponse(answer)), life)
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
        return void after(latency(), () => resolve(toResponse(answer)), life)
      }
      after(latency(), arrive)
      if (strikes('repeat')) after(latency(), arrive)
    })
  }

  return network
}
