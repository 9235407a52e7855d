import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { bundle } from '../harness/bundle.ts'
import { readResults, writeResults, writeTable } from './keep-results.ts'
import { toTargets } from './page/check-targets.ts'
import { findRegressions } from './page/find-regressions.ts'
import { machine, today } from './page/machine.ts'
import { measurePage, type PageFigures, type PageRun } from './page/measure-page.ts'
import { type PageResults, type PeerResults, toRatios, toSpreads } from './page/page-results.ts'
import { toPageTable } from './page/page-table.ts'
import { entryOf, type PeerName, peerNames, peers, versionOf } from './page/peers.ts'
import { type Regression, tellRegressions } from './tell-regressions.ts'

// What each SDK costs a page: the same events for all, in real Chromium, against receivers on this machine that take
// everything. Rounds are interleaved, so that whatever else the machine does meets all of them.

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    peers: { type: 'string' },
  },
})
const { short } = values
const SHORT: readonly PeerName[] = ['waybill', 'snowplow', 'rudderstack']
const rounds = Number(values.rounds ?? (short ? 3 : 4))
const names = values.peers ? (values.peers.split(',') as PeerName[]) : short ? SHORT : peerNames
const LOAD = { from: 1, count: 1_000, burst: 10, every: 20 }
const WAITING = 10_000

const scripts = new Map<PeerName, string>()
const found: PageResults['peers'] = {}
for (const name of names) {
  const script = await bundle(entryOf(name), { minify: true })
  scripts.set(name, script)
  const bundleBytes = gzipSync(script, { level: 9 }).length
  const { package: name_, keeps } = peers[name]
  const peer: PeerResults = { package: name_, version: versionOf(name), keeps, settings: {}, bundleBytes }
  found[name] = peer
  if (short) continue
  // First of all it must be seen to deliver.
  const run = await measurePage(script, { load: { ...LOAD, count: 100 } })
  peer.settings = run.settings
  judge(name, run)
  console.log(`${name} ${peer.version}: ${peer.failed ?? 'delivers'}. ${JSON.stringify(peer.settings)}`)
}

/** What an SDK costs that has not delivered says nothing; and Waybill's own would look the better for it. */
function judge(name: string, { delivered, handedOver }: PageRun): void {
  if (delivered === handedOver) return
  const failed = `delivered ${delivered} of ${handedOver} without a fault`
  const peer = found[name as PeerName]
  if (!peer || name === 'waybill') throw new Error(`${name}: ${failed}`)
  Object.assign(peer, { failed, figures: undefined, ratios: undefined })
  console.error(`${name}: ${failed}; it is left out from here on`)
}

let chromium = ''
const runs = new Map<string, PageFigures[]>()
async function run(name: string, measure: () => Promise<PageRun>): Promise<void> {
  const run = await measure()
  chromium = run.chromium
  if (name !== 'nothing') judge(name, run)
  runs.set(name, [...(runs.get(name) ?? []), run.figures])
  const { trackP50, trackP99, mainThread, longTasks, bytes } = run.figures
  const us = (ms: number) => `${Math.round(ms * 1_000)} µs`
  console.log(
    `${name.padEnd(12)} ${run.delivered}/${run.handedOver}  track ${us(trackP50)}, p99 ${us(trackP99)}; main thread ${us(mainThread)}/event; ${longTasks} long tasks; ${Math.round(bytes)} bytes/event`,
  )
}

const measured = () => names.filter((name) => !found[name]?.failed)
const nothing = await bundle(entryOf('nothing'))
function compare(): void {
  const base = runs.get('waybill') ?? []
  for (const name of measured()) {
    const own = runs.get(name) ?? []
    Object.assign(found[name] ?? {}, { figures: toSpreads(own), ratios: toRatios(own, base) })
  }
}

const kept = short ? await readResults<PageResults>('page') : undefined
let regressions: Regression[] = []
for (let round = 0; round < rounds; round++) {
  console.log(`Round ${round + 1} of ${rounds}`)
  // Each begins a round as often as any other.
  const turn = measured()
  for (const at of turn.keys()) {
    const name = turn[(at + round) % turn.length] as PeerName
    await run(name, () => measurePage(scripts.get(name) ?? '', { load: LOAD }))
  }
  compare()
  if (kept) {
    regressions = findRegressions(found, kept)
    // One good round is enough; a bad one may be the machine's doing, and the next will tell.
    if (regressions.length === 0) break
    continue
  }
  await run('nothing', () => measurePage(nothing, { load: LOAD, delivers: false }))
  await run('backlog', () => measurePage(scripts.get('waybill') ?? '', { load: LOAD, waiting: WAITING }))
}

if (kept) {
  tellRegressions(regressions, { cpu: machine().cpu, keptCpu: kept.machine.cpu })
} else {
  const results: PageResults = {
    date: today(),
    machine: { ...machine(), chromium },
    rounds,
    load: LOAD,
    peers: found,
    nothing: toSpreads(runs.get('nothing') ?? []),
    backlog: toSpreads(runs.get('backlog') ?? []),
  }
  await writeResults('page', results)
  await writeTable('page', toPageTable(results))
  console.log(`\n${toPageTable(results)}\n`)
  for (const target of toTargets(results)) console.log(target)
}
