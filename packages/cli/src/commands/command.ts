import type { Call, Option } from './options.ts'
import type { Terminal } from './terminal.ts'

/** One command of the program, and all its help says. */
export interface Command {
  /** One line. */
  summary: string
  usage: string
  options: Readonly<Record<string, Option>>
  /** What stands below the options. */
  details: string
  /** Returns the exit code. */
  run(call: Call, terminal: Terminal): Promise<number>
}
