import { gzipSync } from 'node:zlib'
import { limits, type Seq, type StreamId, toBatchId } from '@waybill/protocol'
import { type Bytes, concat } from '../../packages/collector/src/core/bytes.ts'
import { checkLines } from '../../packages/collector/src/core/check-lines.ts'
import { digest } from '../../packages/collector/src/core/digest.ts'
import { enrich } from '../../packages/collector/src/core/enrich.ts'
import { parsePrefer } from '../../packages/collector/src/core/prefer.ts'
import { readHeader } from '../../packages/collector/src/core/read-header.ts'
import { parseTrace } from '../../packages/collector/src/core/trace-context.ts'
import { findNodePlatform } from '../../packages/collector/src/node/node-platform.ts'
import { basicUser } from '../../packages/collector/src/segment-api/basic-user.ts'
import { readBody } from '../../packages/collector/src/segment-api/read-body.ts'
import { readEvent } from '../../packages/collector/src/segment-api/read-event.ts'
import { compactJson } from '../../packages/collector/src/segment-api/split-json.ts'
import { webPlatform } from '../../packages/collector/src/web-platform.ts'

/** What a collector in Node inflates and digests with, and one in workerd. */
const { inflate, sha256 } = findNodePlatform() ?? webPlatform

// Measures what the worst bodies cost a collector, stage by stage, in times of what JSON.parse takes for the same bytes, and
// whether eight times the bytes take eight times as long. The caps on lines, depth and events are lifted, so that one event
// may fill the whole body: what is linear then is linear below the caps. It is processor time that counts, of all threads
// of this process, and the least of several rounds in which sizes take turns: what others do on the machine only ever adds.

const STREAM = '0192d0c0-0000-7000-8000-000000000001' as StreamId
const wide = { ...limits, eventBytes: 2 * limits.batchBytes, batchEvents: limits.batchBytes }
const encode = (text: string): Bytes => new TextEncoder().encode(text)

const event = (member: string, seq = 1) =>
  `{"streamId":"${STREAM}","seq":${seq},"messageId":"${STREAM}.${seq}","type":"track","event":"x","anonymousId":"a","timestamp":"2026-11-22T10:00:00.000Z",${member}}`
const fill = (text: string, bytes: number) => text.repeat(Math.ceil(bytes / text.length))
const numbered = (bytes: number, each: (index: number) => string) =>
  Array.from({ length: Math.floor(bytes / each(10_000).length) }, (_, index) => each(index)).join(',')

/** Lines of about so many bytes; of the shortest lines 16 times as many as a batch may have, and no more. */
const bodies: Record<string, (bytes: number) => string[]> = {
  'arrays in arrays': (bytes) => [event(`"context":{"x":${fill('[', bytes / 2)}${fill(']', bytes / 2)}}`)],
  'objects in objects': (bytes) => [event(`"context":${fill('{"":', (bytes * 4) / 5)}1${fill('}', bytes / 5)}`)],
  'escapes \\u0000': (bytes) => [event(`"context":{"x":"${fill('\\u0000', bytes)}"}`)],
  'escaped quotes': (bytes) => [event(`"context":{"x":"${fill('\\"', bytes)}"}`)],
  'one huge text': (bytes) => [event(`"context":{"x":"${fill('x', bytes)}"}`)],
  'one huge text of 4-byte characters': (bytes) => [event(`"context":{"x":"${fill('\u{1f4a9}', bytes / 2)}"}`)],
  'large properties': (bytes) => [event(`"properties":{"x":"${fill('\\n', bytes)}"}`)],
  'one member, named again and again': (bytes) => [event(`"context":{${numbered(bytes, () => '"a":1')}}`)],
  'members with names of their own': (bytes) => [event(`"context":{${numbered(bytes, (index) => `"${index}a":1`)}}`)],
  'names alike but for their first byte': (bytes) => Array.from({ length: bytes / 16_384 }, alikeNames),
  'members called by numbers': (bytes) => [event(`"context":{${numbered(bytes, (index) => `"${index * 7919}":1`)}}`)],
  'empty objects': (bytes) => [event(`"context":{"x":[${numbered(bytes, () => '{}')}]}`)],
  'numbers out of range': (bytes) => [event(`"context":{"x":[${numbered(bytes, () => '1e999')}]}`)],
  'one huge number': (bytes) => [event(`"context":{"x":${fill('9', bytes)}}`)],
  'tiny lines': (bytes) => Array.from({ length: bytes / 64 }, () => '{}'),
  'empty lines': (bytes) => Array.from({ length: bytes / 64 }, () => ''),
  tombstones: (bytes) => Array.from({ length: bytes / 80 }, (_, index) => tombstone(index + 1)),
}

/** 32 names, as many as are compared with each other, of 471 bytes each. */
const alikeNames = (_: unknown, index: number) => {
  const members = Array.from({ length: 32 }, (_, name) => `"${name.toString(32)}${fill('x', 470)}":1`)
  return event(`"context":{${members}}`, index + 1)
}

const tombstone = (seq: number) => `{"streamId":"${STREAM}","seq":${seq},"type":"shed","reason":"age"}`

/** Processor time of this process in ms. */
function spent(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

type Work = () => unknown

/** In ms. Below this a measurement is repeated within one: clocks and caches would be what is measured. */
const LEAST = 4
const ROUNDS = 7

/** The least that each takes, in ms, in rounds in which they take turns. */
async function timeEach(works: readonly Work[]): Promise<number[]> {
  const repeats = works.map(() => 1)
  const least = works.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, work] of works.entries()) {
      for (;;) {
        const times = repeats[index] ?? 1
        const began = spent()
        for (let time = 0; time < times; time++) await work()
        const took = spent() - began
        if (took < LEAST && times < 1_000) {
          repeats[index] = times * 2
          continue
        }
        least[index] = Math.min(least[index] ?? took, took / times)
        break
      }
    }
  }
  return least
}

const quietly =
  (work: Work): Work =>
  () => {
    try {
      return work()
    } catch {
      return undefined
    }
  }

const stages = ['JSON.parse', 'inflate', 'check', 'enrich', 'digest', 'Segment'] as const
type Stage = (typeof stages)[number]

/** What each stage does with these lines. */
function worksOf(texts: readonly string[]): Record<Stage, Work> {
  const rest = encode(`${texts.join('\n')}\n`)
  const whole = `[${texts.map((text) => text || '0').join(',')}]`
  const gzipped = new Uint8Array(gzipSync(rest))
  const header = { streamId: STREAM, first: 1 as Seq, last: texts.length as Seq }
  const checked = checkLines(rest, header, wide)
  if (!checked.ok) throw new Error(JSON.stringify(checked.fault))
  const received = { at: '2026-11-22T10:00:01.000Z', batchId: toBatchId(STREAM, header.first, header.last) }
  const body = encode(`{"batch":${whole}}`)
  return {
    'JSON.parse': quietly(() => JSON.parse(whole)),
    inflate: () => inflate(gzipped, wide.batchBytes * 2),
    check: () => checkLines(rest, header, wide),
    enrich: () => enrich(checked.value, STREAM, received),
    digest: () => digest(rest, sha256),
    Segment: () => {
      const read = readBody(compactJson(body), 'batch', wide.batchEvents)
      for (const event of read?.events ?? []) readEvent(event, undefined, [])
    },
  }
}

const LARGE = 524_288
const GROWTH = 8
/** The power of the length by which the time grows: 1 is linear, 2 is quadratic. Tables and caches that overflow add some. */
const power = (small: number, large: number): number => Math.log(large / small) / Math.log(GROWTH)
const MOST = 1.5

const grown: string[] = []
/** What it grows by, where it takes long enough for it to matter. What the platform does with a text is not ours to mend. */
function judge(what: string, small: number, large: number, isOurs = true): string {
  if (large < 0.2) return ''
  const found = power(small, large)
  if (isOurs && found > MOST) grown.push(`${what}: ${found.toFixed(2)}`)
  return ` (${found.toFixed(1)})`
}

console.log(
  `Node ${process.version}. Per stage: times of JSON.parse on the same bytes at 512 KiB, in processor time; in brackets the`,
)
console.log(
  'power of the length by which it grows from 64 KiB, where that can be measured: 1 is linear, 2 is quadratic.\n',
)
console.log(['', ...stages].map((name, index) => (index ? name.padStart(15) : ''.padEnd(36))).join(''))
for (const [name, toLines] of Object.entries(bodies)) {
  const [small, large] = [worksOf(toLines(LARGE / GROWTH)), worksOf(toLines(LARGE))]
  const cells: string[] = []
  let base = 0
  for (const stage of stages) {
    const [least = 0, most = 0] = await timeEach([small[stage], large[stage]])
    base ||= most
    const value = stage === 'JSON.parse' ? `${most.toFixed(1)} ms` : (most / base).toFixed(1)
    cells.push(`${value}${judge(`${name}, ${stage}`, least, most, stage !== 'JSON.parse')}`)
  }
  console.log([name.padEnd(36), ...cells.map((cell) => cell.padStart(15))].join(''))
}

// What only one part of a collector meets.
const others: Record<string, (bytes: number) => Work> = {
  'gzip that looks like empty members': (bytes) => {
    const begins = Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0)
    const member = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x8b)
    const file = concat([begins, ...Array.from({ length: bytes / 10 }, () => member)])
    return () => inflate(file, limits.batchBytes)
  },
  'a bomb': (bytes) => {
    const file = new Uint8Array(gzipSync(new Uint8Array(bytes * 100)))
    return () => inflate(file, limits.batchBytes)
  },
  'a header of 8 KiB of arrays': (bytes) => {
    const line = encode(fill('[', Math.min(bytes / 64, limits.headerBytes)))
    return () => readHeader(line, limits.headerBytes)
  },
  'Segment: nothing but commas': (bytes) => {
    const body = encode(`{"batch":[${fill(',', bytes)}]}`)
    return () => readBody(compactJson(body), 'batch', 2_500)
  },
  'Segment: nothing but white space': (bytes) => {
    const body = encode(`{"batch":[1${fill(' ', bytes)}2]}`)
    return () => readBody(compactJson(body), 'batch', 2_500)
  },
  'Prefer: white space': (bytes) => {
    const header = `wait=${fill(' ', bytes / 4)}5 5`
    return () => parsePrefer(header, 0)
  },
  'Prefer: commas, quotes and backslashes': (bytes) => {
    const header = fill('a;"b\\",', bytes / 4)
    return () => parsePrefer(header, 0)
  },
  'Authorization: white space': (bytes) => {
    const header = `Basic ${fill(' ', bytes / 4)}x y`
    return () => basicUser(header)
  },
  'traceparent: dashes': (bytes) => {
    const header = fill('-', bytes / 4)
    return () => parseTrace(header, header)
  },
}
for (const [name, workOf] of Object.entries(others)) {
  const [small = 0, large = 0] = await timeEach([workOf(LARGE / GROWTH), workOf(LARGE)])
  console.log(`${name.padEnd(39)}${large.toFixed(2).padStart(9)} ms${judge(name, small, large)}`)
}

console.log(grown.length > 0 ? `\nMore than linear: ${grown.join('; ')}` : '\nNothing of ours is more than linear.')
process.exitCode = grown.length > 0 ? 1 : 0
