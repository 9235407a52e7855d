import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ok, type Sink, webhookSink } from '@waybill/collector'
import { expect, onTestFailed, test } from 'vitest'
import { type Balancer, startBalancer } from '../harness/balancer.ts'
import { type Fleet, type Member, startFleet } from '../harness/fleet.ts'
import type { FleetSettings } from '../harness/fleet-worker.ts'
import { hash } from '../harness/hash.ts'
import { type HostileDestination, startHostileDestination } from '../harness/hostile-destination.ts'
import { clientBytesOf, createLoad, findFaultIn } from '../harness/load.ts'
import { startNodeCollector } from '../harness/node-collector.ts'
import { parseBatchId } from '../harness/parse-batch-id.ts'
import { proveHeld } from '../harness/prove-held.ts'
import { eachObject } from '../harness/r2.ts'
import { scale } from '../harness/scale.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { seededRandom } from '../simulation/seeded-random.ts'

/** Other faults at other moments: `WAYBILL_SEED=2`. */
const seed = Number(process.env.WAYBILL_SEED ?? 1)

const EVENTS = scale === 1 ? 20_000 : 500_000
/** In milliseconds; half a million events take six minutes where nothing else runs, and twenty where much does. */
const FOR_LONG = scale === 1 ? 90_000 : 3_600_000
const DEATHS = scale === 1 ? 4 : 24
const LOAD = { seed, streams: 20, batchEvents: 125, haste: 20 }
const TIMES = { waitingBudget: 150, sinkDeadline: 1_000 }
const DESTINATION = { seed, findFault, slow: 400, late: 1_200 }
const CHANCES = { slow: 0.06, late: 0.05, fails: 0.05, busy: 0.05, hangs: 0.05, lies: 0.05, resets: 0.05 }

const STORM = `${EVENTS} events come through two collectors that die ${DEATHS} times in mid-request, and whatever else`

test(`${STORM}: all there, and none twice (seed ${seed})`, { timeout: FOR_LONG }, async () => {
  await using folder = await temporaryFolder('fleet-sinks')
  const received = join(folder.path, 'webhook.ndjson')
  await using destination = await startHostileDestination({ ...DESTINATION, chances: CHANCES, file: received })
  const webhook = { url: destination.url, secret: destination.secret }
  const born: FleetSettings = { ...TIMES, webhook, receiptKeys: [receiptKey(0)], cache: 'memory', clockError: 0 }
  await using fleet = await startFleet([born, born])
  await using balancer = await startBalancer(fleet.members.map(({ url }) => url))
  const load = createLoad({ ...LOAD, endpoint: balancer.url })
  const random = seededRandom(seed)
  onTestFailed(() => console.log(fleet.logs().split('\n').slice(-60).join('\n'), destination.counts, destination.wrong))

  const perLife = EVENTS / (DEATHS + 1)
  const lost: number[] = []
  for (let death = 0; death < DEATHS; death += 1) {
    load.track(perLife)
    await load.recorded((death + 0.5) * perLife)
    const member = fleet.members[death % 2] as Member
    lost.push(await killInMidRequest(member, balancer, random))
    await member.start({ ...born, ...lifeAfter(death) })
  }
  load.track(perLife)
  await load.recorded(EVENTS)
  await destination.close()

  const objects = await copyBucket(fleet, join(folder.path, 'r2'))
  proveHeld('r2', objects, load.streams)
  proveHeld('webhook', batchesOf(destination), load.streams)
  expect(objects.toSorted()).toEqual(load.batches.toSorted())
  expect(batchesOf(destination).toSorted()).toEqual(load.batches.toSorted())
  expect(destination.wrong).toEqual([])
  for (const streamId of load.streams.keys()) {
    const ranges = batchesOf(destination).map(parseBatchId)
    const firsts = ranges.flatMap((range) => (range.streamId === streamId ? range.first : []))
    expect(firsts, 'the order in which a stream has come').toEqual(firsts.toSorted((a, b) => a - b))
  }
  await audit(join(folder.path, 'r2'))
  await audit(received)

  // It was a storm: all of it happened.
  expect(lost.every((requests) => requests > 0)).toBe(true)
  for (const [fault, times] of Object.entries(destination.counts)) expect([fault, times > 0]).toEqual([fault, true])
  expect([...destination.taken.values()].some((times) => times > 1)).toBe(true)
  const logs = fleet.batchLogs()
  expect(new Set(logs.map(({ status }) => status))).toEqual(new Set([200, 202, 503]))
  expect(
    logs.some(({ remembered }) => remembered),
    'a cache knew of a batch',
  ).toBe(true)
  expect(
    logs.some(({ sinks }) => sinks.some(({ skipped }) => skipped)),
    'a receipt was taken',
  ).toBe(true)
  const ignored = new Set(logs.flatMap(({ receipt }) => receipt ?? []))
  expect(ignored, 'why a receipt was ignored').toEqual(new Set(['unknown_key']))
})

const receiptKey = (index: number) => ({ id: `key-${index}`, secret: hash(`${seed} ${index}`).toString('hex') })

/** What a collector comes back with. In four deaths the receipt key is replaced, at first where the other can't know. */
function lifeAfter(death: number): Pick<FleetSettings, 'receiptKeys' | 'cache' | 'clockError'> {
  const [old, young] = [receiptKey(Math.floor(death / 4)), receiptKey(Math.floor(death / 4) + 1)]
  const lives = [
    { receiptKeys: [young, old], cache: 'none', clockError: 360 * MINUTE },
    { receiptKeys: [young, old], cache: 'workers', clockError: 0 },
    { receiptKeys: [young], cache: 'workers', clockError: 0 },
    { receiptKeys: [young], cache: 'memory', clockError: -3 * MINUTE },
  ] as const
  return lives[death % 4] as (typeof lives)[number]
}

const MINUTE = 60_000

/** Returns how many requests died with it. */
async function killInMidRequest({ url, kill }: Member, balancer: Balancer, random: () => number): Promise<number> {
  for (let requests = 1 + Math.floor(random() * 5); requests > 0; requests -= 1) await balancer.nextSent(url)
  const lost = balancer.lost(url)
  await kill()
  return lost
}

/** Copies a bucket into a folder, and finds each object as it has to be. Returns the batch ids. */
async function copyBucket(fleet: Fleet, folder: string): Promise<string[]> {
  const batchIds: string[] = []
  for await (const { key, body, customMetadata } of eachObject({ url: fleet.members[0]?.url ?? '' })) {
    const batchId = customMetadata.batchId ?? ''
    const { streamId, first, last } = parseBatchId(batchId)
    expect(key.replace(/(?<=dt=)\d{4}-\d\d-\d\d/, 'DAY')).toBe(
      `dev/dt=DAY/${streamId}/${String(first).padStart(16, '0')}-${last}.ndjson`,
    )
    expect(customMetadata.digest).toBe(digestOf(batchId))
    expect(findFaultIn(batchId, body)).toBeUndefined()
    batchIds.push(batchId)
    const file = join(folder, key)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, body)
  }
  return batchIds
}

const digestOf = (batchId: string): string => hash(clientBytesOf(batchId)).toString('hex')

const toBatchId = (webhookId: string): string => webhookId.replace(/~.*/, '')

/** A `webhook-id` is one batch's, and one content's. */
function findFault(webhookId: string, body: string): string | undefined {
  const batchId = toBatchId(webhookId)
  const expected = `${batchId}~${digestOf(batchId).slice(0, 16)}`
  return webhookId === expected ? findFaultIn(batchId, body) : `${webhookId} should be ${expected}`
}

/** What it holds, in the order in which it came. */
const batchesOf = ({ taken }: HostileDestination): string[] => [...taken.keys()].map(toBatchId)

/** Rejects, with what it prints, unless it exits with 0. */
const audit = (path: string): Promise<unknown> =>
  promisify(execFile)(process.execPath, [
    join(import.meta.dirname, '../../packages/cli/dist/waybill.js'),
    'audit',
    path,
  ])

test('a collector that answers before a destination has the batch is found out', async () => {
  await using folder = await temporaryFolder('hasty')
  const file = join(folder.path, 'webhook.ndjson')
  await using destination = await startHostileDestination({ ...DESTINATION, chances: CHANCES, file })
  const webhook = { url: destination.url, secret: destination.secret, format: 'ndjson' as const }
  const sink = webhookSink(webhook)
  const hasty: Sink = {
    ...sink,
    async deliver(batch, signal) {
      sink.deliver(batch, signal)
      return ok(undefined)
    },
  }
  await using collector = await startNodeCollector({ webhook })
  collector.configure({ sinks: [hasty] })
  const load = createLoad({ ...LOAD, endpoint: collector.url })
  load.track(5_000)
  await load.recorded(5_000)
  await destination.close()
  expect(() => proveHeld('webhook', batchesOf(destination), load.streams)).toThrow(
    /^webhook lacks [\da-f-]{36}:\d+-\d+/,
  )
})
