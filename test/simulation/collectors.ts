import type { Limits } from '@waybill/protocol'
import type { BatchLog } from '../../packages/collector/src/core/batch-log.ts'
import type { ReceiptKey } from '../../packages/collector/src/core/receipt.ts'
import type { SignatureCache } from '../../packages/collector/src/core/signature-cache.ts'
import { createCollector } from '../../packages/collector/src/create-collector.ts'
import { memorySignatureCache } from '../../packages/collector/src/signature-caches/memory-signature-cache.ts'
import { noSignatureCache } from '../../packages/collector/src/signature-caches/no-signature-cache.ts'
import type { SimulatedDestination } from './destination.ts'
import { simulatedPlatform } from './platform.ts'
import type { Life, Scheduler } from './scheduler.ts'
import { createSimulatedCache } from './signature-cache.ts'

/** A request as it reaches a collector. */
interface Incoming {
  url: string
  method: 'POST'
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
  /** The connection breaks after so many bytes of it. */
  cutAt?: number
}

/** An answer as it leaves one. */
interface Outgoing {
  status: number
  headers: Headers
  body: Uint8Array
  /** Which sinks had to have the batch before this. */
  required: readonly string[]
}

/** What is deployed. */
interface Deployment {
  /** How many collectors. */
  instances: number
  sinks: readonly DeployedSink[]
  /** Every write key that is known; all are of one site. */
  keys: readonly string[]
  limits: Partial<Limits>
  receiptKeys: readonly ReceiptKey[]
  cache: CacheKind
}

/** Where signatures are remembered: nowhere, in each collector by itself, or in one place that is as unreliable as an edge's. */
export type CacheKind = 'none' | 'memory' | 'shared'

interface DeployedSink {
  destination: SimulatedDestination
  required: boolean
  /** What the configuration calls it. Default: as the destination. */
  name?: string
  /** Which of the destinations that were called so. */
  generation?: string
}

export interface Fleet {
  /** Hands a request to any one of those that run. The answer never comes if that one dies before. */
  fetch: (request: Incoming, answer: (answered: Outgoing) => void) => void
  /** One dies, with all that it had begun, and a fresh one takes its place. Counts round, so that any number will do. */
  kill: (index: number) => void
  /** Puts others in the place of all; what is left out stays as it is. Those in mid-request end it, or die by chance. */
  replaceAll: (changes: Partial<Deployment>) => void
  /** What became of requests; `died` is how many will never be answered. */
  readonly counts: Readonly<Record<'taken' | 'answered' | 'died', number>>
}

export interface FleetOptions extends Partial<Deployment> {
  scheduler: Scheduler
  sinks: Deployment['sinks']
  /** Of pages that may write. */
  origins: readonly string[]
  /** Called once for each presentation, and for each failure of a collector. */
  log?: (entry: BatchLog) => void
}

interface Instance {
  life: Life
  app: ReturnType<typeof createCollector>
  required: string[]
  /** Requests that it has not answered. */
  open: number
}

/** Real collectors over simulated destinations: any number at once, each of which may die at any moment. */
export function createFleet({
  scheduler,
  origins,
  log = () => {},
  instances = 2,
  sinks,
  keys = ['wk_sim'],
  limits = {},
  receiptKeys = [],
  cache = 'none',
}: FleetOptions): Fleet {
  let deployment: Deployment = { instances, sinks, keys, limits, receiptKeys, cache }
  const now = () => Math.floor(scheduler.now())
  const shared = createSimulatedCache(scheduler)
  let fleet = deploy(deployment)
  const counts = { taken: 0, answered: 0, died: 0 }

  function cacheOf(kind: CacheKind, life: Life): SignatureCache {
    switch (kind) {
      case 'none':
        return noSignatureCache
      case 'memory':
        return memorySignatureCache({ now })
      case 'shared':
        return shared.as(life)
    }
  }

  function start({ sinks, keys, limits, receiptKeys, cache }: Deployment): Instance {
    const life: Life = { state: 'running' }
    const platform = simulatedPlatform(scheduler, life)
    /** Other requests come in between, and the collector may die. */
    const takeTime =
      <Args extends unknown[], Value>(work: (...args: Args) => Promise<Value>) =>
      async (...args: Args) => {
        await scheduler.delay(scheduler.random(), life)
        return work(...args)
      }
    const app = createCollector(
      {
        keys: keys.map((key) => ({ key, id: 'sim', origins })),
        sinks: sinks.map(({ destination, required, ...named }) => ({
          ...destination.sinkOf(life, { required }),
          ...named,
        })),
        limits,
        receiptKeys,
        signatureCache: cacheOf(cache, life),
        now,
        log,
      },
      {
        ...platform,
        sha256: takeTime(platform.sha256),
        hmac: takeTime(platform.hmac),
        inflate: takeTime(platform.inflate),
      },
    )
    const required = sinks.flatMap((sink) => (sink.required ? [sink.destination.name] : []))
    return { life, app, required, open: 0 }
  }

  function deploy(what: Deployment): Instance[] {
    return Array.from({ length: what.instances }, () => start(what))
  }

  function die(instance: Instance): void {
    instance.life.state = 'gone'
    counts.died += instance.open
  }

  async function present(instance: Instance, { url, cutAt, ...init }: Incoming): Promise<Outgoing> {
    const body = cutAt === undefined ? init.body : cutShort(init.body.subarray(0, cutAt))
    const response = await instance.app.fetch(new Request(url, { ...init, body, duplex: 'half' } as RequestInit))
    const { status, headers } = response
    return { status, headers, body: new Uint8Array(await response.arrayBuffer()), required: instance.required }
  }

  return {
    counts,
    async fetch(request, answer) {
      const instance = fleet[Math.floor(scheduler.random() * fleet.length)] as Instance
      counts.taken += 1
      instance.open += 1
      const answered = await present(instance, request)
      if (instance.life.state === 'gone') return
      instance.open -= 1
      counts.answered += 1
      answer(answered)
    },
    kill(index) {
      const at = index % fleet.length
      die(fleet[at] as Instance)
      fleet[at] = start(deployment)
    },
    replaceAll(changes) {
      const next = { ...deployment, ...changes }
      const successors = deploy(next)
      for (const instance of fleet) {
        if (instance.open > 0 && scheduler.random() < 0.5) die(instance)
      }
      deployment = next
      fleet = successors
    },
  }
}

/** A body whose connection breaks. */
const cutShort = (bytes: Uint8Array): ReadableStream => {
  const chunks = [bytes]
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift()
      if (chunk && chunk.length > 0) controller.enqueue(chunk)
      else controller.error(new TypeError('the connection was reset'))
    },
  })
}
