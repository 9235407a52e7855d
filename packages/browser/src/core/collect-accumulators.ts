import type { Accumulator, Scope } from './accumulator.ts'
import { describe } from './describe.ts'
import type { Fault } from './fold.ts'

/** What stands beside the accumulators' values: in an event's state, and in what `state()` tells. */
const TAKEN = ['registered', 'buffer', 'spans', 'streamId', 'anonymousId', 'userId']

const scopes: readonly Scope[] = ['visitor', 'session', 'page']

/**
 * The SDK's own accumulators, and the app's after them; the session is first, so that it has begun before others are
 * folded. What can't be used is left out.
 */
export function collectAccumulators(
  builtIn: readonly Accumulator[],
  added: unknown = [],
): { accumulators: Accumulator[]; faults: Fault[] } {
  const accumulators = [...builtIn]
  const faults: Fault[] = []
  const refuse = (name: unknown, why: string) =>
    faults.push({ code: 'accumulator', detail: `${describe(name)}: ${why}` })
  if (!Array.isArray(added)) refuse('accumulators', 'not a list')
  for (const accumulator of Array.isArray(added) ? added : []) {
    let name: unknown
    try {
      name = Object(accumulator).name
      const { scope = 'visitor', version = 1, fold }: Accumulator = Object(accumulator)
      if (typeof name !== 'string' || !name || name.length > 100) refuse(name, 'not a name of 1 to 100 characters')
      else if (name in {} || TAKEN.includes(name) || accumulators.some((other) => other.name === name))
        refuse(name, 'the name is taken')
      else if (typeof fold !== 'function') refuse(name, 'it has no function `fold`')
      else if (!scopes.includes(scope)) refuse(name, `no scope: ${describe(scope)}`)
      else if (!Number.isSafeInteger(version) || version < 1) refuse(name, 'its version is not an integer from 1')
      else accumulators[name === 'session' ? 'unshift' : 'push'](accumulator)
    } catch (error) {
      refuse(name, describe(error)) // Of a getter.
    }
  }
  return { accumulators, faults }
}
