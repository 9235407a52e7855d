import type { Accumulator } from '../accumulator.ts'
import { identity } from './identity.ts'
import { session } from './session.ts'
import { visitor } from './visitor.ts'

/** What `createWaybill` folds beside what the app adds. */
export const standardAccumulators = (options: { sessionTimeout?: number }): Accumulator[] => [
  session(options),
  visitor,
  identity,
]
