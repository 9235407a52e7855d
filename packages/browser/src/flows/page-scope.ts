import type { JsonObject } from '@waybill/protocol'
import type { Accumulator } from '../core/accumulator.ts'
import { describe } from '../core/describe.ts'
import { type Accumulated, type Fault, foldAll } from '../core/fold.ts'
import type { EventOperation } from '../core/operation.ts'
import { PAGE_BYTES } from '../core/stamp.ts'

export interface PageScope {
  /** Folds an event, and gives it what has accumulated. */
  fold: (operation: EventOperation) => EventOperation
  values: () => JsonObject
  /** Another person is here from now on. */
  reset: () => void
}

/**
 * What accumulates in this document alone. It is folded at the call and travels with the event, so that what the page
 * leaves behind unstamped carries it, too.
 */
export function createPageScope(
  accumulators: readonly Accumulator[],
  { stop, onFault }: { stop: AbortSignal; onFault: (fault: Fault) => void },
): PageScope {
  const attempt = <Result>(name: string, work: () => Result): Result | undefined => {
    try {
      return work()
    } catch (error) {
      onFault({ code: 'accumulator', detail: `${name}: ${describe(error)}` })
      return undefined
    }
  }
  const measures = accumulators.map((accumulator) => ({
    name: accumulator.name,
    read: attempt(accumulator.name, () => accumulator.measure?.(stop)),
  }))
  const measure = () =>
    measures.map(({ name, read }) => [name, (read && attempt(name, () => Number(read() ?? 0))) ?? 0])
  let accumulated: Accumulated = { values: {} }
  let latestAt: number | undefined

  return {
    fold(operation) {
      if (accumulators.length === 0) return operation
      const { text, at } = operation
      accumulated = foldAll(accumulated, {
        accumulators,
        text,
        context: { idle: at - (latestAt ?? at) },
        measured: Object.fromEntries(measure()),
        maxBytes: PAGE_BYTES,
        onFault,
      })
      latestAt = at
      return { ...operation, page: accumulated.values }
    },
    values: () => accumulated.values,
    reset() {
      measure() // It was the person's before.
      accumulated = { values: {} }
      latestAt = undefined
    },
  }
}
