import { gzipSync } from 'node:zlib'
import { Analytics, type AnalyticsSettings } from '@segment/analytics-node'
import { type CollectorOptions, fail, type Sink, webhookSink } from '@waybill/collector'
import type { CompleteEvent } from '@waybill/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, openBrowser } from '../harness/browser.ts'
import { bundle } from '../harness/bundle.ts'
import type { ClientOptions } from '../harness/clients/client.ts'
import { type Destination, startDestination } from '../harness/destination.ts'
import { type NodeCollector, startNodeCollector } from '../harness/node-collector.ts'
import { type Site, startSite } from '../harness/site.ts'

/* Clients of other vendors, as they come from npm, against the real collector. */

const SERVER_KEY = 'wk_server'
const keys: CollectorOptions['keys'] = [
  { key: 'wk_dev', id: 'dev', origins: 'localhost' },
  { key: SERVER_KEY, id: 'server', origins: 'server' },
]

let destination: Destination
let collector: NodeCollector
let site: Site
let browser: Browser
/** What pages asked of anybody but the site and the collector. */
const foreign: string[] = []
let scripts: Record<'segment' | 'rudderstack', string>

beforeAll(async () => {
  const script = (name: string) => bundle(`${import.meta.dirname}/../harness/clients/${name}.ts`)
  const [segment, rudderstack] = await Promise.all([script('segment'), script('rudderstack')])
  scripts = { segment, rudderstack }
  destination = await startDestination()
  collector = await startNodeCollector({ webhook: destination })
  collector.configure({ keys })
  site = await startSite()
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await site?.close()
  await collector?.close()
  await destination?.close()
})

/** An outage and a lost answer for each batch: the first time it is not taken, the second it is and nobody hears of it. */
function troubled(sink: Sink): Sink {
  const presented = new Map<string, number>()
  const fault = { kind: 'transient' as const, detail: 'trouble', retryAfter: 1 }
  return {
    ...sink,
    async deliver(batch, signal) {
      const times = (presented.get(batch.batchId) ?? 0) + 1
      presented.set(batch.batchId, times)
      if (times === 1) return fail(fault)
      const result = await sink.deliver(batch, signal)
      return times === 2 ? fail(fault) : result
    },
  }
}

/** Makes four calls; `person` marks whose they are. Resolves when they are made, in Node when they are delivered. */
type MakeCalls = (person: string) => Promise<unknown>

const inPage =
  (name: 'segment' | 'rudderstack', options: Partial<ClientOptions> = {}): MakeCalls =>
  async (person) => {
    const page = await browser.newPage()
    page.on('request', (request) => {
      const { origin } = new URL(request.url())
      if (![new URL(site.url).origin, collector.url, 'null'].includes(origin)) foreign.push(request.url())
    })
    await page.goto(site.plainPage)
    await page.evaluate(() => localStorage.clear())
    await page.addScriptTag({ content: scripts[name] })
    await page.evaluate(
      ([person, options]) => {
        const client = window.startClient(options)
        client.identify(person, { plan: 'pro' })
        client.group('g-1', { name: 'Group' })
        client.page('Docs', 'Index')
        client.track('Order Completed', { total: 42 })
      },
      [person, { url: collector.url, writeKey: collector.writeKey, ...options }] as const,
    )
  }

const inNode =
  (settings: Partial<AnalyticsSettings> = {}): MakeCalls =>
  async (userId) => {
    const client = new Analytics({ writeKey: SERVER_KEY, host: collector.url, flushAt: 4, ...settings })
    client.identify({ userId, traits: { plan: 'pro' } })
    client.group({ userId, groupId: 'g-1', traits: { name: 'Group' } })
    client.page({ userId, category: 'Docs', name: 'Index' })
    client.track({ userId, event: 'Order Completed', properties: { total: 42 } })
  }

/** The SDK has no setting for it and takes a client of HTTP that does it. */
const compressing: AnalyticsSettings['httpClient'] = {
  makeRequest: ({ url, method, headers, body }) =>
    fetch(url, { method, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: gzipSync(String(body)) }),
}

const deliveriesOf = (person: string) =>
  destination.deliveries.filter(({ lines }) => lines.some((line) => 'userId' in line && line.userId === person))

/** What came of a person, a repeat of a batch left out, as a destination does that knows its id. */
function heldOf(person: string): CompleteEvent[] {
  const batches = new Map(deliveriesOf(person).map(({ batchId, lines }) => [batchId, lines]))
  return [...batches.values()].flat() as CompleteEvent[]
}

/** How often each batch of a person came. */
const timesOf = (person: string): number[] =>
  Object.values(Object.groupBy(deliveriesOf(person), ({ batchId }) => batchId)).map((times) => times?.length ?? 0)

async function expectAllFour(person: string): Promise<void> {
  await destination.until(() => heldOf(person).length >= 4)
  const events = heldOf(person).toSorted((one, other) => one.type.localeCompare(other.type))
  expect(events).toMatchObject([
    { type: 'group', userId: person, groupId: 'g-1', traits: { name: 'Group' } },
    { type: 'identify', userId: person },
    { type: 'page', userId: person, name: 'Index' },
    { type: 'track', userId: person, event: 'Order Completed', properties: { total: 42 } },
  ])
  // RudderStack's has them in the context.
  expect(events[1]?.traits ?? events[1]?.context?.traits).toEqual({ plan: 'pro' })
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(4)
  expect(foreign).toEqual([])
}

describe('every call of an unmodified client arrives', () => {
  test.each<[client: string, make: MakeCalls]>([
    ['@segment/analytics-next', inPage('segment')],
    ['@segment/analytics-next in batches', inPage('segment', { batching: true })],
    ['@rudderstack/analytics-js', inPage('rudderstack')],
    ['@rudderstack/analytics-js by beacons', inPage('rudderstack', { batching: true })],
    ['@segment/analytics-node', inNode()],
    ['@segment/analytics-node, compressed', inNode({ httpClient: compressing })],
  ])('%s', async (client, make) => {
    const person = `${client} at first`
    await make(person)
    await expectAllFour(person)
  })
})

describe('after an outage, and an answer that was lost, a destination holds each event once', () => {
  beforeAll(() => {
    const { url, secret } = destination
    collector.configure({ keys, sinks: [troubled(webhookSink({ url, secret }))] })
  })

  // At the same time, as they wait most of it; but Segment's two would share what they store.
  test.concurrent.each<[client: string, make: MakeCalls]>([
    ['@segment/analytics-next', inPage('segment')],
    ['@rudderstack/analytics-js', inPage('rudderstack')],
    ['@segment/analytics-node', inNode()],
  ])('%s', (client, make) => expectNoneTwice(client, make))

  test('@segment/analytics-next in batches', () =>
    expectNoneTwice('@segment/analytics-next in batches', inPage('segment', { batching: true })))

  async function expectNoneTwice(client: string, make: MakeCalls): Promise<void> {
    const person = `${client} in an outage`
    await make(person)
    await destination.until(() => heldOf(person).length >= 4 && timesOf(person).every((times) => times === 2))
    await expectAllFour(person)
    // A repeat is the same, whatever the client has written into it about the attempt.
    const told = deliveriesOf(person).flatMap(({ lines }) => lines.map((line) => ({ ...line, received: undefined })))
    expect(new Set(told.map((line) => JSON.stringify(line))).size).toBe(4)
  }
})
