import { parseArgs } from 'node:util'
import { tellRegressions } from '../tell-regressions.ts'
import { compare } from './compare.ts'
import { profile } from './profile.ts'
import { toTargets } from './report.ts'
import { keep, readKept, surroundings } from './results.ts'
import { findRegressions, measureNoise, measureShort, toFloor } from './short.ts'
import { soak } from './soak.ts'
import type { Runtime } from './start-servers.ts'

// Measures the collector beside what does less and what does it otherwise, and writes test/bench/results/collector.json and
// the tables of the README.

const usage = `Usage: pnpm bench:collector [--rounds 9]   all servers and batches; keeps the results
       pnpm bench:collector --soak MINUTES   memory of each under load for so long; keeps it with the results
       pnpm bench:collector --profile        where the time goes in Node
       pnpm bench:collector --short          two ratios in half a minute; fails when one is worse than noise makes it`

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
  const shares = await measureShort()
  for (const [runtime, { share, shares: before }] of Object.entries(kept.short)) {
    console.log(
      `Waybill's collector in ${runtime} does ${shares[runtime as Runtime]} of what a bare forwarder does for the same CPU time, at 100 events and gzip. Kept: ${share.median}, and ${share.least} to ${share.most} in ${before.length} runs of this form; a regression is below ${toFloor(kept.short[runtime as Runtime])}.`,
    )
  }
  const regressions = findRegressions(shares, kept.short).map((words) => ({ words, isOfCpu: true }))
  tellRegressions(regressions, { cpu: surroundings().cpu, keptCpu: kept.measured.cpu })
}
