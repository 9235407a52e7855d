import { writeSync } from 'node:fs'

/** Where the process that measures listens. */
const DESCRIPTOR = 3

// Loaded before a program: when that ends, it says what it has used.
process.on('exit', () => {
  writeSync(DESCRIPTOR, JSON.stringify(process.resourceUsage()))
})
