import { type Limits, limits, type Seq, toMessageId } from '@waybill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventOf, lineOf, STREAM, tombstoneOf } from '../../test/batches.ts'
import { corpus } from '../../test/fuzz/corpus.ts'
import { type Bytes, concat } from './bytes.ts'
import { checkEvent } from './check-event.ts'
import { checkUnique } from './check-lines.ts'
import { createGlance } from './glance.ts'
import { parseLine } from './parse-line.ts'

const encoder = new TextEncoder()
const LF = encoder.encode('\n')
const seq = 7 as Seq
const messageId = toMessageId(STREAM, seq)

/** What is found by parsing the line. */
function isFit(line: Bytes, at: Limits = limits): boolean {
  const parsed = parseLine(line, at)
  if (!parsed.ok || checkUnique(parsed.value)) return false
  const { members } = parsed.value
  if (members.streamId !== STREAM || members.seq !== seq) return false
  return checkEvent(parsed.value, { messageId, bytes: line.length, limits: at }) === undefined
}

const neighbour = encoder.encode(`${lineOf(6)}\n`)

/** Whether it is recognised, which must not depend on what is around it. */
function recognises(line: Bytes, seq: Seq, at: Limits = limits): boolean {
  const findEndOfFit = createGlance(STREAM, at)
  const isAlone = findEndOfFit(line, 0, seq) === line.length
  const [from, end] = [neighbour.length, neighbour.length + line.length]
  const isAmongOthers = findEndOfFit(concat([neighbour, line, LF, neighbour]), from, seq) === end
  expect([line, isAmongOthers]).toEqual([line, isAlone])
  return isAlone
}

const page = { page: { url: 'https://example.com/ü?a=1', title: 'Füller „x“ 😀', path: '/' }, width: [1, -2.5e3, []] }
const whole = {
  ...{
    userId: 'u-1',
    context: { ...page, library: { name: 'w' } },
    traits: { a: null },
    span: { id: 's', duration: 0 },
  },
  state: { session: { number: 1, open: true }, visitor: {}, list: [[false], { a: { b: ['x"\\\n'] } }] },
}
const lines = [lineOf(seq), lineOf(seq, whole), lineOf(seq, { type: 'page', event: undefined, name: 'Start' })]

test.each(lines)('an event as the SDK writes it is recognised: %s', (line) => {
  expect(recognises(encoder.encode(line), seq)).toBe(true)
})

test.each([
  ['a tombstone', tombstoneOf(seq, { type: 'shed', reason: 'cap' })],
  ['one of another seq', lineOf(8)],
  ['one of another stream', lineOf(seq, { streamId: `${STREAM.slice(0, -1)}2` })],
  ['one with the id of another', lineOf(seq, { messageId: toMessageId(STREAM, 70 as Seq) })],
  ['one whose id has a zero too many', lineOf(seq, { messageId: `${STREAM}.07` })],
  ['no object', '[1]'],
  ['nothing', ''],
  ['one with another behind it', `${lineOf(seq)}${lineOf(seq)}`],
  ['one with a space', lineOf(seq).replace(',', ', ')],
])('%s is not', (_, line) => {
  expect(recognises(encoder.encode(line), seq)).toBe(false)
})

test('one whose names differ in their first letters alone is parsed: to tell them apart would take long', () => {
  const named = (name: (letter: string) => string) =>
    encoder.encode(
      lineOf(seq, { context: Object.fromEntries([...'abcdefghijklmnopqrstuvwxyz'].map((a) => [name(a), 1])) }),
    )
  const alike = named((letter) => letter + 'x'.repeat(100))
  expect([isFit(alike), recognises(alike, seq)]).toEqual([true, false])
  expect(
    recognises(
      named((letter) => 'x'.repeat(100) + letter),
      seq,
    ),
  ).toBe(true)
})

test.each(['eventBytes', 'propertiesBytes', 'stateBytes'] as const)('one longer than %s is parsed', (name) => {
  const line = encoder.encode(lineOf(seq, whole))
  expect(recognises(line, seq, { ...limits, [name]: line.length })).toBe(true)
  expect(recognises(line, seq, { ...limits, [name]: line.length - 1 })).toBe(false)
})

const values: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>('', 'x', null, true, 0, -1, {}, [], { a: [{}] }, ['x'], 'track', 'page', 'shed', undefined),
  fc.constantFrom('2026-02-28T23:59:59.999Z', '2026-02-30T00:00:00.000Z', '2026-13-01T00:00:00.000Z', '2026-02-28'),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
)
const names = [
  ...['streamId', 'seq', 'messageId', 'type', 'event', 'name', 'timestamp', 'anonymousId', 'userId', 'properties'],
  ...['traits', 'context', 'span', 'state', 'received', 'through', 'reason', 'groupId', 'monotonic', 'toString'],
]

function escapesNames(value: unknown): boolean {
  let escapes = false
  JSON.stringify(value, (name, value) => {
    escapes ||= JSON.stringify(name) !== `"${name}"`
    return value
  })
  return escapes
}

const most = fc.constantFrom(40, 400, 40_000)

test('whatever an event has for a member, it is recognised where parsing finds no fault, and only there', () => {
  const members = fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 3, noNullPrototype: true })
  fc.assert(
    fc.property(members, fc.tuple(most, most, most), fc.constantFrom(2, 4, 32), (members, bytes, depth) => {
      const [eventBytes, propertiesBytes, stateBytes] = bytes
      const lower: Limits = { ...limits, eventBytes, propertiesBytes, stateBytes, depth }
      const line = encoder.encode(JSON.stringify(eventOf(seq, members)))
      const recognised = recognises(line, seq, lower)
      // These are parsed, fit or not: what is longer, and names that are escaped or count for nothing.
      const isNameless = members.type !== 'track' && (typeof members.event !== 'string' || members.event === '')
      const isOdd = line.length > Math.min(...bytes) || escapesNames(members) || ('event' in members && isNameless)
      if (recognised || !isOdd) expect(isFit(line, lower)).toBe(recognised)
    }),
    { numRuns: 5_000 },
  )
})

const pair = fc.constantFrom(...'00 01 02 09 11 12 13 23 24 28 29 30 31 59 60 99'.split(' '))
const year = fc.constantFrom('0000', '1970', '2024', '2026', '9999')

test('a timestamp is recognised where parsing takes it, and only there', () => {
  const text = fc
    .tuple(
      year,
      pair,
      pair,
      pair,
      pair,
      pair,
      fc.constantFrom('.000Z', '.999Z', '.00Z', 'Z', '.000z', '.0000', '.00:Z'),
    )
    .map(([year, month, day, hour, minute, second, end]) => `${year}-${month}-${day}T${hour}:${minute}:${second}${end}`)
  fc.assert(
    fc.property(text, (timestamp) => {
      const line = encoder.encode(lineOf(seq, { timestamp }))
      expect(recognises(line, seq)).toBe(isFit(line))
    }),
    { numRuns: 5_000 },
  )
})

const bits = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    ' ',
    '\n',
    '\t',
    '\0',
    '\x1f',
    '\x7f',
    '-',
    '+',
    '.',
    '0',
    '1',
    '9',
    'e',
  ],
  ...['E', 'u', '\\u0061', '\\u00', '\\x', '\\"', '\\\\', 'true', 'fals', 'null', '{}', '[]', '""', '"a":1', ',"a":1'],
  ...[
    '"__proto__":1',
    '"\\u005f_proto__":1',
    ',"seq":7',
    '"type":"page"',
    '"received":{}',
    '1e400',
    '-0',
    '01',
    '1.',
    '🙂',
  ],
].map((text) => encoder.encode(text))
const bytes = fc.uint8Array({ minLength: 0, maxLength: 3 })
const edit = fc.tuple(fc.nat(), fc.nat({ max: 4 }), fc.oneof(fc.constantFrom(...bits), bytes))

test('whatever becomes of its bytes, what is recognised is fit', () => {
  const bases = lines.map((line) => encoder.encode(line))
  let recognised = 0
  fc.assert(
    fc.property(fc.constantFrom(...bases), fc.array(edit, { minLength: 1, maxLength: 3 }), (base, edits) => {
      let line: Bytes = base
      for (const [place, removed, put] of edits) {
        const at = place % (line.length + 1)
        line = Uint8Array.from([...line.subarray(0, at), ...put, ...line.subarray(at + removed)])
      }
      if (!recognises(line, seq)) return
      recognised++
      expect(isFit(line)).toBe(true)
    }),
    { numRuns: 5_000 },
  )
  expect(recognised).toBeGreaterThan(100)
})

test('nothing is recognised that no parser may take, and most of what each must', () => {
  const begin = lineOf(seq).slice(0, -1)
  let recognised = 0
  for (const text of corpus) {
    for (const line of [`${begin},"x":${text}}`, `${begin},"x":[${text}]}`, `${begin},${text}}`, text]) {
      const encoded = encoder.encode(line)
      if (!recognises(encoded, seq)) continue
      recognised++
      expect([line, isFit(encoded)]).toEqual([line, true])
    }
  }
  expect(recognised).toBeGreaterThan(100)
})

test('what is no UTF-8 is not recognised, and all that is', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const [before, after] = lineOf(seq, { name: '|' })
    .split('|')
    .map((text) => encoder.encode(text))
  const edges = [0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
  const tails = [[], ...edges.map((one) => [one]), ...edges.flatMap((one) => edges.map((two) => [one, two]))]
  for (let first = 0x80; first <= 0xff; first++) {
    for (const second of edges) {
      for (const tail of tails) {
        const character = [first, second, ...tail]
        // A quote would end the text.
        if (character.includes(0x22)) continue
        const line = Uint8Array.from([...(before ?? []), ...character, ...(after ?? [])])
        let isUtf8 = true
        try {
          decoder.decode(Uint8Array.from(character))
        } catch {
          isUtf8 = false
        }
        expect([character, recognises(line, seq)]).toEqual([character, isUtf8])
      }
    }
  }
})

const withProperties = (members: string) =>
  encoder.encode(lineOf(seq, { properties: {} }).replace('"properties":{}', `"properties":{${members}}`))

test.each(['"__proto__":1', '"a":[{"__proto__":{}}]', '"\\u005f_proto__":1', '"a":1,"\\u0061":2'])(
  'what would be poison, or read in two ways, is not recognised: %s',
  (members) => {
    expect(recognises(withProperties(members), seq)).toBe(false)
  },
)

test('a name that stands twice is found wherever it stands, and names beyond 32 in one object are parsed', () => {
  const named = (count: number, ...more: string[]) =>
    [...Array.from({ length: count }, (_, index) => `n${index}`), ...more].map((name) => `"${name}":1`).join()
  expect(recognises(withProperties(named(32)), seq)).toBe(true)
  expect(recognises(withProperties(named(33)), seq)).toBe(false)
  for (const again of ['n0', 'n17', 'n30']) expect(recognises(withProperties(named(31, again)), seq)).toBe(false)
  // The same name in other objects is another one.
  expect(recognises(withProperties('"a":{"a":1,"b":{"a":2}},"b":[{"a":1},{"a":2}]'), seq)).toBe(true)
  expect(recognises(withProperties('"a":{"a":1,"b":{}},"b":1,"a":2'), seq)).toBe(false)
})
