import type { JsonObject } from '@waybill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMint, environment, parseLine, T0 } from '../../test/operations.ts'
import { type Accumulator, defineAccumulator } from './accumulator.ts'
import { counts } from './accumulators/counts.ts'
import { identity } from './accumulators/identity.ts'
import { session } from './accumulators/session.ts'
import { touch } from './accumulators/touch.ts'
import { visitor } from './accumulators/visitor.ts'
import type { EventOperation, Journal, Operation } from './operation.ts'
import { type BufferState, emptyDelivery, type StreamState } from './records.ts'
import { type Stamped, stamp } from './stamp.ts'
import { toEventOperation } from './to-operation.ts'

/** Fails now and then, and grows until it may not. */
const moody = defineAccumulator({
  name: 'moody',
  scope: 'session',
  version: 3,
  initial: { seen: [] as string[] },
  fold({ seen }, { event = '' }) {
    if (event === 'Failed') throw new Error('no')
    return { seen: [...seen, `${event}${'x'.repeat(400)}`] }
  },
})

const accumulators: readonly Accumulator[] = [
  session({}),
  visitor,
  identity,
  touch(),
  counts(['Bought', 'page'], { scope: 'session' }),
  moody,
]

const names = fc.constantFrom('Viewed', 'Bought', 'Failed')
const few = fc.dictionary(fc.constantFrom('plan', 'group', 'seats'), fc.oneof(fc.string(), fc.integer(), fc.boolean()))
const url = fc.constantFrom(
  'https://shop.example/',
  'https://shop.example/cart?utm_source=news',
  'https://shop.example/?gclid=Cj0',
)

type Call = (at: number) => Operation

const toEvent =
  (name: string, call: Parameters<typeof toEventOperation>[1], href: string, set?: JsonObject): Call =>
  (at) => {
    const { pathname, search } = new URL(href)
    const context = { page: { url: href, path: pathname, search, title: '', referrer: '' } }
    const moment = { monotonic: { boot: 'b', ms: at - T0 }, context }
    return { ...(toEventOperation(name, call, at, moment) as EventOperation), ...(set && { set }) }
  }

const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ name: names, href: url })
      .map(({ name, href }) => toEvent(name, { type: 'track', event: name }, href)),
  },
  url.map((href) => toEvent('page', { type: 'page' }, href)),
  few.map((set) => toEvent('Changed', { type: 'track', event: 'Changed' }, 'https://shop.example/', set as JsonObject)),
  fc
    .record({ userId: fc.constantFrom('u1', 'u2'), traits: few })
    .map(({ userId, traits }) => toEvent(userId, { type: 'identify', userId, traits }, 'https://shop.example/')),
  fc
    .record({ groupId: fc.constantFrom('g1', 'g2'), traits: few })
    .map(({ groupId, traits }) => toEvent(groupId, { type: 'group', groupId, traits }, 'https://shop.example/')),
  few.map(
    (properties): Call =>
      (at) => ({ kind: 'register', at, properties: properties as JsonObject }),
  ),
  { weight: 1, arbitrary: fc.constant<Call>((at) => ({ kind: 'reset', at })) },
)

/** Calls with the pauses before them, some longer than a session lasts, and which tab makes each. */
const visit = fc.array(
  fc.record({ call, pause: fc.oneof(fc.nat(60_000), fc.nat(4_000_000)), tab: fc.nat(2), alone: fc.boolean() }),
  { minLength: 1, maxLength: 40 },
)

function toOperations(steps: { call: Call; pause: number }[]): Operation[] {
  let at = T0
  return steps.map((step) => {
    at += step.pause
    return step.call(at)
  })
}

/** Stamps one transaction after another, as tabs that share a store do. */
function stampEach(transactions: Journal[][]): { lines: string[]; state: BufferState | undefined } {
  const mint = createMint()
  let state: BufferState | undefined
  const lines: string[] = []
  for (const journals of transactions) {
    // What a store hands back is a copy.
    const stored = state && structuredClone(state)
    const stamped: Stamped = stamp(stored, emptyDelivery, journals, environment({ mint, accumulators }))
    lines.push(...stamped.lines.map(({ text }) => text))
    state = stamped.state
  }
  return { lines, state }
}

test('it makes no difference which tab tracked what, nor which transaction took it', () => {
  fc.assert(
    fc.property(visit, (steps) => {
      const operations = toOperations(steps)
      const alone = stampEach([[{ operations }]])
      // A tab hands over what it tracks in a row; others come in between; several share a transaction, or do not.
      const transactions: Journal[][] = []
      steps.forEach(({ tab, alone: begins }, index) => {
        const operation = operations[index] as Operation
        const latest = transactions.at(-1)
        const isOther = tab !== steps[index - 1]?.tab
        if (!latest || begins) transactions.push([{ operations: [operation] }])
        else if (isOther) latest.push({ operations: [operation] })
        else latest.at(-1)?.operations.push(operation)
      })
      expect(stampEach(transactions)).toEqual(alone)
    }),
  )
})

test('replaying the lines of a stream through the folds reproduces the state that each of them carries', () => {
  fc.assert(
    fc.property(visit, (steps) => {
      const { lines } = stampEach([[{ operations: toOperations(steps) }]])
      const replayed = new Map<string, { values: JsonObject; at: number; about: StreamState['about'] }>()
      for (const text of lines) {
        const line = parseLine(text)
        const { streamId, seq, messageId, anonymousId, userId, state, ...event } = line
        const { registered, buffer, ...carried } = state
        const before = replayed.get(streamId)
        // Whoever holds the stream's lines knows no more than what is in them.
        const operation: Operation = {
          kind: 'event',
          at: Date.parse(line.timestamp),
          text: JSON.stringify(event),
          userId,
        }
        const origin = {
          format: 1,
          streams: 1,
          appended: { lines: 0, bytes: 0 },
          dropped: 0,
          stream: {
            number: 1,
            streamId,
            seq: seq - 1,
            latestAt: before?.at ?? 0,
            anonymousId: anonymousId as string,
            values: { registered, ...before?.values },
            ...(before?.about && { about: before.about }),
          },
        }
        const again = stamp(origin, emptyDelivery, [{ operations: [operation] }], environment({ accumulators }))
        const { registered: _registered, ...values } = again.state.stream?.values ?? {}
        expect(values).toEqual(carried)
        replayed.set(streamId, {
          values: values as JsonObject,
          at: operation.at,
          about: again.state.stream?.about,
        })
      }
    }),
  )
})

test('whatever accumulates, each line is within the limits that the collector holds', () => {
  fc.assert(
    fc.property(visit, fc.nat(6_200), (steps, bytes) => {
      const operations = toOperations(steps)
      const full: Operation = { kind: 'register', at: T0, properties: { text: 'x'.repeat(bytes) } }
      for (const text of stampEach([[{ operations: [full, ...operations] }]]).lines) {
        expect(new TextEncoder().encode(JSON.stringify(parseLine(text).state)).length).toBeLessThanOrEqual(16_384)
      }
    }),
  )
})
