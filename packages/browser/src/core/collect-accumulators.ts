import type { Accumulator, BuiltInAccumulator, Scope } from './accumulator.ts'
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
  let length = 0
  try {
    if (Array.isArray(added)) length = added.length
    else refuse('accumulators', 'not a list')
  } catch (error) {
    refuse('accumulators', describe(error)) // Of a proxy.
  }
  for (let index = 0; index < length; index++) {
    let name: unknown
    try {
      const own: Accumulator = Object((added as unknown[])[index])
      name = own.name
      // Read once: what answers otherwise the next time, or throws, is asked nothing again.
      const {
        scope = 'visitor',
        version = 1,
        initial,
        fold,
        migrate,
        measure,
        shorten,
        toEnded,
      }: BuiltInAccumulator = own
      if (typeof name !== 'string' || !name || name.length > 100) refuse(name, 'not a name of 1 to 100 characters')
      else if (name in {} || TAKEN.includes(name) || accumulators.some((other) => other.name === name))
        refuse(name, 'the name is taken')
      else if (typeof fold !== 'function') refuse(name, 'it has no function `fold`')
      else if (!scopes.includes(scope)) refuse(name, `no scope: ${describe(scope)}`)
      else if (!Number.isSafeInteger(version) || version < 1) refuse(name, 'its version is no integer from 1')
      else {
        accumulators[name === 'session' ? 'unshift' : 'push']({
          name,
          scope,
          version,
          initial,
          fold: fold.bind(own),
          ...(migrate && { migrate: migrate.bind(own) }),
          ...(measure && { measure: measure.bind(own) }),
          ...({ shorten, toEnded } satisfies Partial<BuiltInAccumulator>),
        })
      }
    } catch (error) {
      refuse(name, describe(error)) // Of a getter.
    }
  }
  return { accumulators, faults }
}
