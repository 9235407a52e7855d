#!/usr/bin/env node
import { run } from './run.ts'

// Whoever reads the output may have seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

// Not `process.exit`: what was written to a pipe is still under way.
process.exitCode = await run(process.argv.slice(2), process)
