import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { toSinkData } from './sink-data.ts'

// Measures how much memory `waybill audit` takes, and how long, beside a program that does nothing but parse each line. Both
// read the same lines through a pipe.

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000,10000000' }, streams: { type: 'string', default: '5000' } },
})
const streams = Number(values.streams)
const counts = values.events.split(',').map(Number)
if (![streams, ...counts].every((count) => count > 0)) {
  console.error('Usage: pnpm bench:audit [--events 1000000,10000000] [--streams 5000]')
  process.exit(2)
}

const programs = {
  audit: [join(import.meta.dirname, '../../packages/cli/dist/waybill.js'), 'audit', '-'],
  parse: [join(import.meta.dirname, 'parse-lines.ts')],
}

interface Measured {
  /** User and system, in seconds. */
  cpu: number
  /** Megabytes. */
  peak: number
  seconds: number
  /** Megabytes that were read. */
  megabytes: number
  stdout: string
}

/** Runs one program on so many events and all their bytes. */
async function measure(program: readonly string[], events: number): Promise<Measured> {
  const usage = join(import.meta.dirname, 'tell-usage.ts')
  const began = performance.now()
  const child = spawn(process.execPath, ['--import', usage, ...program], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] })
  const { stdin, stdout } = child
  const told = child.stdio[3]
  if (!stdin || !stdout || !told || !('read' in told)) throw new Error('There are no pipes to the child')
  const output = Promise.all([text(stdout), text(told)])
  let bytes = 0
  for (const chunk of toSinkData({ events, streams })) {
    bytes += chunk.length
    if (!stdin.write(chunk)) await once(stdin, 'drain')
  }
  stdin.end()
  const [code] = await once(child, 'close')
  const [said, used] = await output
  if (code !== 0) throw new Error(`${program.join(' ')} ended with ${code}:\n${said}`)
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(used) as NodeJS.ResourceUsage
  return {
    cpu: (userCPUTime + systemCPUTime) / 1_000_000,
    peak: maxRSS / 1_000,
    seconds: (performance.now() - began) / 1_000,
    megabytes: bytes / 1_000_000,
    stdout: said,
  }
}

console.log(`Node ${process.version}, ${streams.toLocaleString('en')} streams, repeats of 1 % of the batches`)
for (const events of counts) {
  const parse = await measure(programs.parse, events)
  const audit = await measure(programs.audit, events)
  if (!audit.stdout.startsWith('COMPLETE')) throw new Error(audit.stdout)
  const say = (name: string, { cpu, peak, seconds }: Measured) =>
    console.log(`  ${name.padEnd(20)}${seconds.toFixed(1)} s, CPU ${cpu.toFixed(1)} s, peak RSS ${peak.toFixed(0)} MB`)
  console.log(`\n${events.toLocaleString('en')} events, ${audit.megabytes.toFixed(0)} MB`)
  say('JSON.parse per line', parse)
  say('waybill audit', audit)
  console.log(`  CPU time of the audit: ${(audit.cpu / parse.cpu).toFixed(2)} times that of JSON.parse per line`)
}
