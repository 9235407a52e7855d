import type { EngineName } from '../engines/engine.ts'
import type { Tally } from './ledger.ts'

/** One cell of the table: what became of the events of one fault in one engine, or why nobody knows. */
export type Row = { fault: string } & ({ tally: Tally; excuse?: string } | { skipped: string } | { failed: string })

/** What one engine's run has measured. */
export interface Measured {
  engine: EngineName
  /** As the engine says it; absent when it could not be driven. */
  version?: string
  date: string
  form: 'short' | 'full'
  /** In the order of the table. */
  rows: Row[]
}
