import { parseArgs } from 'node:util'
import { tellRegressions } from '../tell-regressions.ts'
import { compare } from './compare.ts'
import { profile } from './profile.ts'
import { toTargets } from './report.ts'
import { keep, readKept, surroundings } from './results.ts'
import { measureNoise, measureShort, toFloor } from './short.ts'
import { soak } from './soak.ts'

// Measures the collector beside what does less and what does it otherwise, and writes test/bench/results/collector.json and
// the tables of the README.

const usage = `Usage: pnpm bench:collector [--rounds 9]   all servers and batches; keeps the results
       pnpm bench:collector --soak MINUTES   memory under load; keeps it with the results
       pnpm bench:collector --profile        where the time goes in Node
       pnpm bench:collector --short          one ratio in half a minute; fails when it is worse than noise makes it`

/** How often the short form is repeated to know its noise. */
const SHORT_REPEATS = 5

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    soak: { type: 'string' },
    profile: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (process.platform !== 'linux') {
  console.log('CPU time is read from /proc, which Linux alone has: nothing is measured here.')
} else if (!(Number(values.rounds) > 0 && Number(values.soak ?? 1) > 0)) {
  console.error(usage)
  process.exitCode = 2
} else if (values.profile) console.log(await profile())
else if (values.short) await runShort()
else if (values.soak !== undefined) await runSoak(Number(values.soak))
else await runAll(Number(values.rounds))

async function runAll(rounds: number): Promise<void> {
  const measured = { measured: surroundings(), ...(await compare(rounds)), short: await measureNoise(SHORT_REPEATS) }
  const former = await readKept()
  const results = { ...measured, ...(former?.soak && { soak: former.soak }) }
  await keep(results)
  for (const { target, figure, reached } of toTargets(results)) {
    console.log(`${reached === undefined ? '–      ' : reached ? 'reached' : 'MISSED '}  ${target}: ${figure}`)
  }
}

async function runSoak(minutes: number): Promise<void> {
  const soaked = await soak(minutes)
  console.log(JSON.stringify(soaked, undefined, 2))
  const results = await readKept()
  if (!results) throw new Error('There are no results to keep it with: run it without --soak first')
  await keep({ ...results, soak: soaked })
}

async function runShort(): Promise<void> {
  const kept = await readKept()
  if (!kept) throw new Error('There are no results to hold it against: run it without --short first')
  const floor = toFloor(kept.short)
  const { least, median, most } = kept.short.ratio
  const ratio = await measureShort()
  const { cpu } = surroundings()
  console.log(
    `Waybill's collector in Node does ${ratio} of what a bare forwarder does for the same CPU time, at 100 events and gzip.`,
  )
  console.log(
    `Kept: ${median}, and ${least} to ${most} in ${kept.short.ratios.length} runs of this form; a regression is below ${floor}.`,
  )
  const regressions = ratio < floor ? [`collector: ${ratio} of the forwarder, where ${floor} is within the noise`] : []
  tellRegressions(regressions, { cpu, keptCpu: kept.measured.cpu })
}
