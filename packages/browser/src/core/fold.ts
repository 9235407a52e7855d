import { byteLength, checkShape, type Json, limits } from '@waybill/protocol'
import type { Accumulator, FoldContext, TrackedEvent } from './accumulator.ts'
import { describe } from './describe.ts'
import { exceeds } from './exceeds.ts'
import { forbidPromise } from './forbid-promise.ts'
import { freeze } from './freeze.ts'

/** What accumulated, by name, and what has to be known of a value to go on with it. */
export interface Accumulated {
  values: { [name: string]: Json }
  about?: { [name: string]: About }
}

/** Absent for a value of version 1 that is not of one session. */
export interface About {
  version?: number
  /** The id of the session that it is of. */
  session?: string
}

/** An accumulator that did not do what it should; it harms nothing else. */
export interface Fault {
  code: 'accumulator' | 'state_too_large'
  detail: string
}

export interface Folding {
  accumulators: readonly Accumulator[]
  /** The event's own members as a JSON object's text. */
  text: string
  context: Omit<FoldContext, 'measured' | 'session'>
  /** How much each accumulator's own measurement has added, by name. */
  measured?: { [name: string]: number }
  essentials?: Essentials
  /** UTF-8 bytes that all values may take together, as one JSON object. */
  maxBytes: number
  onFault: (fault: Fault) => void
}

/**
 * Values that all others make room for, by name: each goes back to nothing but what its function makes of it and of the one
 * before, the largest first.
 */
type Essentials = ReadonlyMap<string, (value: Json, before: Json | undefined) => Json[]>

/** A value as it was at one moment of a fold. */
interface Stage {
  value: Json | undefined
  about: About | undefined
}

const GONE: Stage = { value: undefined, about: undefined }

/** Folds an event into what has accumulated. Values of unknown accumulators, and of later versions, stay as they are. */
export function foldAll(before: Accumulated, folding: Folding): Required<Accumulated> {
  const {
    accumulators,
    text,
    context,
    measured = {},
    essentials = new Map() as Essentials,
    maxBytes,
    onFault,
  } = folding
  const after = { values: { ...before.values }, about: { ...before.about } }
  const write = (name: string, { value, about }: Stage) => {
    if (value === undefined) delete after.values[name]
    else after.values[name] = value
    if (about) after.about[name] = about
    else delete after.about[name]
  }
  let parsed: TrackedEvent | undefined
  const readEvent = (): TrackedEvent => {
    parsed ??= freeze(JSON.parse(text) as TrackedEvent)
    return parsed
  }
  /** What each value may go back to, the latest first. */
  const stages = new Map<string, Stage[]>()

  for (const accumulator of accumulators) {
    const { name } = accumulator
    const stored: Stage = { value: before.values[name], about: before.about?.[name] }
    const { version: from = 1, session: of }: About = Object(stored.about)
    try {
      const { scope, version = 1, initial } = accumulator
      if (from > version) continue
      // The built-in one, which is folded before all others.
      const current = after.values.session as FoldContext['session']
      const session = scope === 'session' ? String(current?.id) : undefined
      const about = version > 1 || session ? { version, session } : undefined
      const isOver = of !== session
      let value = isOver ? undefined : stored.value
      if (value !== undefined && from < version)
        value = accumulator.migrate && copy(accumulator.migrate(copy(value), from))
      if (value === undefined && initial !== undefined) value = copy(initial)
      const base: Stage = { value, about }
      stages.set(name, isOver ? [base] : [base, stored])
      write(name, base)
      // What is stored is JSON: copied only so that the accumulator may change it.
      const argument = value && JSON.parse(JSON.stringify(value))
      const result = accumulator.fold(argument, readEvent(), {
        ...context,
        ...(current && { session: { id: current.id, number: current.number } }),
        measured: measured[name] ?? 0,
      })
      write(name, { value: copy(result), about })
    } catch (error) {
      onFault({ code: 'accumulator', detail: `${name}: ${describe(error)}` })
    }
  }

  const size = (name: string) => sizeOf(after.values[name])
  const shorten = (name: string) => essentials.get(name)?.(after.values[name] as Json, before.values[name])
  const growth = (name: string) => {
    const shortened = shorten(name)
    return size(name) - sizeOf(shortened ? shortened[0] : before.values[name])
  }
  const smaller = (name: string): Stage | undefined => {
    const choice = shorten(name)?.map((value) => ({ value, about: after.about[name] })) ?? [
      ...(stages.get(name) ?? []),
      GONE,
    ]
    return choice.find(({ value }) => sizeOf(value) < size(name))
  }
  /** All values, with those of these names as they were before. */
  const restored = (names: string[]): { [name: string]: Json | undefined } => ({
    ...after.values,
    ...Object.fromEntries(names.map((name) => [name, essentials.has(name) ? shorten(name)?.[0] : before.values[name]])),
  })
  /** Who makes room next. */
  const choose = (): string => {
    const names = Object.keys(after.values)
    const yielding = names.filter(smaller)
    const grown = yielding.filter((name) => growth(name) > 0)
    // Else the session itself has grown, or what was there before was stored by somebody with another limit.
    const freed = sizeOf(after.values) - sizeOf(restored(grown))
    if (freed > 0 && sizeOf(after.values) - freed <= maxBytes) return most(grown, growth)
    const others = yielding.filter((name) => !essentials.has(name))
    return most([others, yielding, names].find(({ length }) => length > 0) as string[], size)
  }
  while (exceeds(JSON.stringify(after.values), maxBytes)) {
    const name = choose()
    const bytes = size(name)
    write(name, smaller(name) ?? GONE)
    onFault({ code: 'state_too_large', detail: `${name}: ${bytes} bytes of ${maxBytes} that are shared` })
  }
  return after
}

const most = (names: string[], measure: (name: string) => number): string =>
  names.reduce((a, b) => (measure(b) > measure(a) ? b : a))

const sizeOf = (value: unknown): number => (value === undefined ? 0 : byteLength(JSON.stringify(value)))

/** JSON would make null of it, which is not what was counted. */
function refuseNonFinite(_member: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`JSON can’t carry ${value}`)
  return value
}

/** As JSON carries it. Throws where it can't. */
function copy(value: unknown): Json {
  forbidPromise(value)
  let text = JSON.stringify(value)
  if (text?.includes('null')) text = JSON.stringify(value, refuseNonFinite)
  if (text === undefined) throw new TypeError(`JSON can’t carry ${typeof value}`)
  const copied = JSON.parse(text)
  // A value sits two levels deep in an event.
  const fault = checkShape(copied, limits.depth - 2)
  if (fault) throw new TypeError(fault)
  return copied
}
