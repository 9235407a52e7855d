import { createWriteStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { seededRandom } from '../simulation/seeded-random.ts'
import { hash } from './hash.ts'
import { listen } from './listen.ts'
import { readBody } from './read-body.ts'
import { findWebhookFault, newWebhookSecret } from './standard-webhook.ts'

/**
 * What a destination does with a request besides taking it and saying so:
 * - `slow`: it takes its time;
 * - `late`: it has taken it, and says so when nobody waits any more;
 * - `fails`, `busy`: it takes nothing, and answers 500, or 429 with `Retry-After`;
 * - `hangs`: it takes nothing and never answers;
 * - `lies`: it has taken it, and answers 500;
 * - `resets`: it has taken it, and ends the connection.
 */
type Fault = 'slow' | 'late' | 'fails' | 'busy' | 'hangs' | 'lies' | 'resets'

/** A webhook's receiver under every fault. It deduplicates by `webhook-id`, as the sink's row says, and keeps the first. */
export interface HostileDestination extends AsyncDisposable {
  url: string
  secret: string
  /** How often each was taken, by `webhook-id`, in the order of their first coming. */
  taken: ReadonlyMap<string, number>
  /** How often it did what. `strangers` were turned away for their signature or its time. */
  counts: Readonly<Record<Fault | 'strangers', number>>
  /** What was wrong with what it took. */
  wrong: readonly string[]
  /** Resolves when all that it keeps is in its file. It takes nothing after that. */
  close(): Promise<void>
}

interface HostileDestinationOptions {
  seed: number
  /** How likely each fault is. */
  chances: Partial<Record<Fault, number>>
  /** How long `slow` and `late` take, in ms. */
  slow: number
  late: number
  /** What is wrong with a delivery, if anything is. */
  findFault: (webhookId: string, body: string) => string | undefined
  /** What it keeps goes there as NDJSON, each batch once. */
  file: string
}

/** From then on a request is taken at once: however unlucky a batch is, there is an end to it. */
const LAST_FAULT = 5

export async function startHostileDestination({
  seed,
  chances,
  slow,
  late,
  findFault,
  file,
}: HostileDestinationOptions): Promise<HostileDestination> {
  const secret = newWebhookSecret()
  const taken = new Map<string, number>()
  const came = new Map<string, number>()
  const wrong: string[] = []
  const counts = { slow: 0, late: 0, fails: 0, busy: 0, hangs: 0, lies: 0, resets: 0, strangers: 0 }
  const kept = createWriteStream(file)

  /** By chance, but the same for the same seed, `webhook-id` and number of its coming, whatever else goes on. */
  function chooseFault(id: string): Fault | undefined {
    const times = came.get(id) ?? 0
    came.set(id, times + 1)
    if (times >= LAST_FAULT) return undefined
    let left = seededRandom(hash(`${seed} ${id} ${times}`).readUInt32LE())()
    for (const [fault, chance] of Object.entries(chances)) {
      left -= chance
      if (left < 0) return fault as Fault
    }
  }

  function take(id: string, body: Buffer): void {
    const fault = findFault(id, body.toString('utf8'))
    if (fault) wrong.push(fault)
    if (!taken.has(id)) kept.write(body)
    taken.set(id, (taken.get(id) ?? 0) + 1)
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request).catch(() => undefined)
    if (!body) {
      // Whoever began it died over it.
      response.destroy()
      return
    }
    if (findWebhookFault(request.headers, body, secret)) {
      counts.strangers += 1
      response.writeHead(401).end()
      return
    }
    const id = String(request.headers['webhook-id'])
    const fault = chooseFault(id)
    if (fault) counts[fault] += 1
    if (fault !== 'fails' && fault !== 'busy' && fault !== 'hangs') take(id, body)
    act(fault, response)
  }

  const server = await listen((request, response) => {
    onRequest(request, response).catch((error) => {
      wrong.push(String(error))
      response.destroy()
    })
  })

  function act(fault: Fault | undefined, response: ServerResponse): void {
    const accept = () => response.writeHead(204).end()
    switch (fault) {
      case 'slow':
        setTimeout(accept, slow)
        break
      case 'late':
        setTimeout(accept, late)
        break
      case 'fails':
      case 'lies':
        response.writeHead(500).end()
        break
      case 'busy':
        response.writeHead(429, { 'retry-after': '1' }).end()
        break
      case 'resets':
        response.destroy()
        break
      case 'hangs':
        break
      default:
        accept()
    }
  }

  async function close(): Promise<void> {
    await server.close()
    kept.end()
    await finished(kept)
  }

  return { url: `${server.url}/webhook`, secret, taken, counts, wrong, close, [Symbol.asyncDispose]: close }
}
