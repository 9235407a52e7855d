import {
  type Bucket,
  createCollector,
  memorySignatureCache,
  noSignatureCache,
  type ReceiptKey,
  r2Sink,
  type SignatureCache,
  webhookSink,
  workersSignatureCache,
} from '@waybill/collector'

/* The Worker of `fleet.ts`: the collector with settings that nobody should have to make. */

export interface FleetSettings {
  webhook: { url: string; secret: string }
  receiptKeys: readonly ReceiptKey[]
  cache: 'none' | 'memory' | 'workers'
  /** How far its clock is off, in milliseconds. */
  clockError: number
  /** Both in milliseconds. */
  waitingBudget: number
  sinkDeadline: number
}

interface FleetEnv {
  EVENTS: Bucket
  /** {@link FleetSettings} as JSON. */
  FLEET: string
}

type Collector = ReturnType<typeof createCollector>

let collector: Collector | undefined

export default {
  fetch(request: Request, env: FleetEnv, context: Parameters<Collector['fetch']>[2]) {
    collector ??= build(env)
    return collector.fetch(request, env, context)
  },
}

function build({ EVENTS, FLEET }: FleetEnv): Collector {
  const { webhook, cache, clockError, ...settings }: FleetSettings = JSON.parse(FLEET)
  const now = () => Date.now() + clockError
  const caches: Record<FleetSettings['cache'], () => SignatureCache> = {
    none: () => noSignatureCache,
    memory: () => memorySignatureCache({ now }),
    workers: workersSignatureCache,
  }
  return createCollector({
    keys: [{ key: 'wk_dev', id: 'dev', origins: 'localhost' }],
    sinks: [r2Sink({ bucket: EVENTS, bucketName: 'fleet' }), webhookSink({ ...webhook, format: 'ndjson', now })],
    ...settings,
    ...{ signatureCache: caches[cache](), now },
    log: (entry) => console.log(JSON.stringify(entry)),
  })
}
