import { parseArgs } from 'node:util'
import { bundle } from '../harness/bundle.ts'
import { writeResults, writeTable } from './keep-results.ts'
import { type GrowthResults, toGrowthTable, toGrowthTargets } from './page/growth-table.ts'
import { chromiumVersion, machine, today } from './page/machine.ts'
import { type GrowthFigures, measureGrowth } from './page/measure-growth.ts'
import { entryOf, versionOf } from './page/peers.ts'
import { toSpread } from './page/spread.ts'

// What tracking and sending cost while nothing, and while very many events wait: it is to be the same.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    waiting: { type: 'string', default: '0,1000,10000,100000' },
  },
})
const waiting = values.waiting.split(',').map(Number)
const rounds = Number(values.rounds)
const script = await bundle(entryOf('waybill-large'), { minify: true })
const runs = new Map<number, GrowthFigures[]>(waiting.map((count) => [count, []]))
for (let round = 0; round < rounds; round++) {
  for (const [count, own] of runs) {
    const figures = await measureGrowth(script, count)
    own.push(figures)
    const { track, flush, heap } = figures
    const us = (ms: number) => `${Math.round(ms * 1_000)} µs/event`
    console.log(
      `Round ${round + 1}, ${count} waiting: store ${us(track)}, send ${us(flush)}, heap ${Math.round(heap / 1_000)} KB`,
    )
  }
}

const figures = ['trackP50', 'trackP99', 'track', 'flush', 'flushElapsed', 'heap', 'heapAfter'] as const
const toSpreads = (own: readonly GrowthFigures[]) =>
  Object.fromEntries(figures.map((figure) => [figure, toSpread(own.map((run) => run[figure]))])) as Record<
    keyof GrowthFigures,
    ReturnType<typeof toSpread>
  >
const results: GrowthResults = {
  date: today(),
  machine: { ...machine(), chromium: await chromiumVersion() },
  rounds,
  version: versionOf('waybill'),
  waiting: Object.fromEntries([...runs].map(([count, own]) => [count, toSpreads(own)])),
}
console.log(`\n${toGrowthTable(results)}\n`)
for (const target of toGrowthTargets(results)) console.log(target)
await writeResults('growth', results)
await writeTable('growth', toGrowthTable(results))
