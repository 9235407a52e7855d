import type { BatchLog } from './core/batch-log.ts'
import { toLogLine } from './core/to-log-line.ts'

// What a Worker or a container logs is what it prints.

/** One JSON object a line; what we are to blame for, status 500 and above, as an error. */
export function logForMachines(entry: BatchLog): void {
  // biome-ignore lint/suspicious/noConsole: it is the log
  const write = entry.status < 500 ? console.log : console.error
  write(JSON.stringify(entry))
}

/** A line that is read as it goes by. */
export function logForPeople(entry: BatchLog): void {
  // biome-ignore lint/suspicious/noConsole: it is the log
  console.log(toLogLine(entry))
}
