import { parseArgs } from 'node:util'
import { bundle } from '../harness/bundle.ts'
import { writeResults, writeTable } from './keep-results.ts'
import { faults } from './page/faults.ts'
import type { LossResults } from './page/loss-table.ts'
import { toLossTable } from './page/loss-table.ts'
import { machine, today } from './page/machine.ts'
import { type Loss, measureLoss } from './page/measure-loss.ts'
import { measurePage } from './page/measure-page.ts'
import { entryOf, type PeerName, peerNames, peers, versionOf } from './page/peers.ts'

// What each SDK loses and repeats when something goes wrong: the same events and faults for all, in real Chromium, each on
// a profile of its own that outlives the browser. Several at a time: nothing here is timed.

const { values } = parseArgs({
  options: {
    peers: { type: 'string' },
    /** The beginning of the name of a fault. */
    fault: { type: 'string', default: '' },
    at: { type: 'string', default: '3' },
  },
})
const names = values.peers ? (values.peers.split(',') as PeerName[]) : peerNames
const chosen = faults.filter(({ name }) => name.startsWith(values.fault))

const scripts = new Map<PeerName, string>()
const results: LossResults = { date: today(), machine: { ...machine(), chromium: '' }, peers: {} }
const work: { name: PeerName; fault: (typeof faults)[number] }[] = []
for (const name of names) {
  const script = await bundle(entryOf(name), { minify: true })
  // First of all it must be seen to deliver.
  const run = await measurePage(script, { load: { from: 1, count: 100, burst: 10, every: 20 } })
  results.machine.chromium = run.chromium
  const { settings, delivered, handedOver } = run
  console.log(`${name}: delivered ${delivered} of ${handedOver} without a fault. ${JSON.stringify(settings)}`)
  scripts.set(name, script)
  results.peers[name] = { package: peers[name].package, version: versionOf(name), settings, faults: {} }
}
for (const fault of chosen) for (const name of names) work.push({ name, fault })

async function workOff(): Promise<void> {
  for (let next = work.shift(); next; next = work.shift()) {
    const { name, fault } = next
    const loss = await measureLoss(scripts.get(name) ?? '', fault).catch(
      (error): Loss => ({ handedOver: fault.events, arrived: 0, repeated: 0, failed: String(error) }),
    )
    Object.assign(results.peers[name]?.faults ?? {}, { [fault.name]: loss })
    const { arrived, handedOver, repeated, failed } = loss
    console.log(`${fault.name}: ${name} ${arrived} of ${handedOver}, ${repeated} again ${failed ?? ''}`)
  }
}
await Promise.all(Array.from({ length: Number(values.at) }, workOff))

for (const one of Object.values(results.peers)) {
  one.faults = Object.fromEntries(
    chosen.flatMap(({ name }) => {
      const loss = one.faults[name]
      return loss ? [[name, loss]] : []
    }),
  )
}
console.log(`\n${toLossTable(results)}\n`)
if (!values.peers && !values.fault) {
  await writeResults('loss', results)
  await writeTable('loss', toLossTable(results))
}
