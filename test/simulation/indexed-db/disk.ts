import type { Life, Scheduler } from '../scheduler.ts'
import type { Change } from './records.ts'
import type { Tasks } from './tasks.ts'

/** What the databases of one disk share. */
export interface Disk {
  scheduler: Scheduler
  latency: () => number
  tasksOf: (life: Life) => Tasks
  isHanging: () => boolean
  /** Why these changes may not be kept, if they may not. */
  refuse: (changes: readonly Change[]) => DOMException | undefined
  /** Something is committed; `undo` takes it back, if the power fails before something strict is. */
  commit: (undo: () => void, durability: IDBTransactionDurability) => void
}
