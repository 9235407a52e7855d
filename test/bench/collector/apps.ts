import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { createCollector, webhookSink } from '@waybill/collector'
import { Hono } from 'hono'

/** What is measured: each takes a POST and has it at the sink before it answers. */
export const appNames = ['waybill', 'parse', 'digest', 'forward'] as const
export type AppName = (typeof appNames)[number]

/** Waybill's collector with its defaults and a webhook, logging a line a batch as it does where it is deployed. */
export const toWaybill = (
  sink: string,
  log: (line: string) => void,
  { create, webhook } = { create: createCollector, webhook: webhookSink },
): Hono =>
  create({
    keys: [{ key: 'wk_dev', id: 'dev', origins: 'localhost' }],
    sinks: [webhook({ url: sink, format: 'ndjson' })],
    log: (entry) => log(JSON.stringify(entry)),
  })

/** The platform's limit: reads the body and sends it on as it is. */
function toForwarder(sink: string): Hono {
  const app = new Hono()
  app.post('/v1/events', async (c) => {
    const body = await c.req.arrayBuffer()
    const answer = await fetch(sink, { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } })
    await answer.body?.cancel()
    return c.json({ ok: answer.ok }, answer.ok ? 200 : 502)
  })
  return app
}

/** What most collectors do: inflates, parses each event and writes it anew. Nothing is checked. */
function toParser(sink: string): Hono {
  const app = new Hono()
  app.post('/v1/events', async (c) => {
    const sent = c.req.raw.body
    const isGzip = c.req.query('encoding') === 'gzip'
    const plain = isGzip ? sent?.pipeThrough(new DecompressionStream('gzip')) : sent
    const [header = '', ...lines] = (await new Response(plain ?? null).text()).split('\n')
    const { batchId } = JSON.parse(header)
    const received = { at: new Date().toISOString(), batchId }
    const events = lines.flatMap((line) => (line === '' ? [] : [{ ...JSON.parse(line), received }]))
    const body = `${events.map((event) => JSON.stringify(event)).join('\n')}\n`
    const answer = await fetch(sink, { method: 'POST', body, headers: { 'Content-Type': 'application/x-ndjson' } })
    await answer.body?.cancel()
    return c.json({ batchId, recorded: events.length }, answer.ok ? 200 : 502)
  })
  return app
}

/**
 * What is left of a collector whose sinks get plain text and that knows a batch by its digest, when it checks nothing, adds
 * nothing to a line, and neither logs nor remembers.
 */
function toDigester(sink: string): Hono {
  const app = new Hono()
  app.post('/v1/events', async (c) => {
    const sent = new Uint8Array(await c.req.arrayBuffer())
    const plain = c.req.query('encoding') === 'gzip' ? gunzipSync(sent) : sent
    const digest = createHash('sha256').update(plain).digest('hex')
    const headers = { 'Content-Type': 'application/x-ndjson' }
    const answer = await fetch(sink, { method: 'POST', body: new Uint8Array(plain), headers })
    await answer.body?.cancel()
    return c.json({ digest }, answer.ok ? 200 : 502)
  })
  return app
}

/** The servers beside Waybill, by name. */
export const toApp: Record<AppName, (sink: string, log: (line: string) => void) => Hono> = {
  waybill: toWaybill,
  parse: toParser,
  digest: toDigester,
  forward: toForwarder,
}
