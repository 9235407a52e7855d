#!/usr/bin/env node
import { isStartedByNpm, parentEnded } from './parent-ended.ts'
import { run } from './run.ts'

// A collector whose log nobody reads any more goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const stopped = new Promise<string>((resolve) => {
  let isStopping = false
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(code)
      isStopping = true
      resolve(signal)
    })
  }
  if (isStartedByNpm(process.env)) parentEnded().then(() => resolve('npm has ended'))
})

// Not `process.exit`: what was written to a pipe is still under way.
process.exitCode = await run({
  args: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stopped,
})
