import { gzipSync } from 'node:zlib'
import { limits, type Seq, type StreamId, toBatchId } from '@waybill/protocol'
import { type Bytes, concat } from '../../packages/collector/src/core/bytes.ts'
import { checkLines } from '../../packages/collector/src/core/check-lines.ts'
import { digest } from '../../packages/collector/src/core/digest.ts'
import { enrich } from '../../packages/collector/src/core/enrich.ts'
import { inflate } from '../../packages/collector/src/core/inflate.ts'
import { parsePrefer } from '../../packages/collector/src/core/prefer.ts'
import { readHeader } from '../../packages/collector/src/core/read-header.ts'
import { sha256 } from '../../packages/collector/src/core/sha256.ts'
import { splitLines } from '../../packages/collector/src/core/split-batch.ts'

// Measures what the worst bodies cost a collector, stage by stage, in times of what JSON.parse takes for the same bytes in
// the same run, and whether twice the bytes take twice as long. The caps on lines, depth and events are lifted, so that
// one event may fill the whole body: what is linear then is linear below the caps.

const STREAM = '0192d0c0-0000-7000-8000-000000000001' as StreamId
const wide = { ...limits, eventBytes: 2 * limits.batchBytes, batchEvents: limits.batchBytes }
const encode = (text: string): Bytes => new TextEncoder().encode(text)

const event = (member: string) =>
  `{"streamId":"${STREAM}","seq":1,"messageId":"${STREAM}.1","type":"track","event":"x","anonymousId":"a","timestamp":"2026-11-22T10:00:00.000Z",${member}}`
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
  'members called by numbers': (bytes) => [event(`"context":{${numbered(bytes, (index) => `"${index * 7919}":1`)}}`)],
  'empty objects': (bytes) => [event(`"context":{"x":[${numbered(bytes, () => '{}')}]}`)],
  'numbers out of range': (bytes) => [event(`"context":{"x":[${numbered(bytes, () => '1e999')}]}`)],
  'one huge number': (bytes) => [event(`"context":{"x":${fill('9', bytes)}}`)],
  'tiny lines': (bytes) => Array.from({ length: bytes / 64 }, () => '{}'),
  'empty lines': (bytes) => Array.from({ length: bytes / 64 }, () => ''),
  tombstones: (bytes) => Array.from({ length: bytes / 80 }, (_, index) => tombstone(index + 1)),
}

const tombstone = (seq: number) => `{"streamId":"${STREAM}","seq":${seq},"type":"shed","reason":"age"}`

/** The least of several runs, in ms: what others do on the machine only ever adds. */
async function time(work: () => unknown, runs = 5): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const began = performance.now()
    await work()
    least = Math.min(least, performance.now() - began)
  }
  return least
}

const quietly = (work: () => unknown) => () => {
  try {
    return work()
  } catch {
    return undefined
  }
}

type Stages = Record<'JSON.parse' | 'inflate' | 'split' | 'check' | 'enrich' | 'digest', number>

async function measure(texts: readonly string[]): Promise<Stages> {
  const rest = encode(`${texts.join('\n')}\n`)
  const whole = `[${texts.map((text) => text || '0').join(',')}]`
  const gzipped = new Uint8Array(gzipSync(rest))
  const header = { streamId: STREAM, first: 1 as Seq, last: texts.length as Seq }
  const lines = splitLines(rest, wide.batchEvents)
  if (!lines.ok) throw new Error(lines.fault)
  const checked = checkLines(lines.value, header, wide)
  if (!checked.ok) throw new Error(JSON.stringify(checked.fault))
  const received = { at: '2026-11-22T10:00:01.000Z', batchId: toBatchId(STREAM, header.first, header.last) }
  return {
    'JSON.parse': await time(quietly(() => JSON.parse(whole))),
    inflate: await time(() => inflate(gzipped, wide.batchBytes * 2)),
    split: await time(() => splitLines(rest, wide.batchEvents)),
    check: await time(() => checkLines(lines.value, header, wide)),
    enrich: await time(() => enrich(checked.value, STREAM, received)),
    digest: await time(() => digest(rest, sha256)),
  }
}

const HALF = 262_144
console.log(
  `Node ${process.version}. Per stage: times of JSON.parse on the same bytes at 512 KiB; in brackets how many`,
)
console.log('times longer it takes than at 256 KiB, where that can be measured: 2 is linear, 4 is quadratic.\n')
const stages = ['inflate', 'split', 'check', 'enrich', 'digest'] as const
console.log(['', 'JSON.parse', ...stages].map((name, index) => (index ? name.padStart(14) : ''.padEnd(36))).join(''))
const ratio = (half: number, full: number) => (full < 0.3 ? '' : ` (${(full / half).toFixed(1)})`)
for (const [name, toLines] of Object.entries(bodies)) {
  await measure(toLines(HALF))
  const half = await measure(toLines(HALF))
  const full = await measure(toLines(2 * HALF))
  const base = full['JSON.parse']
  const cells = stages.map((stage) => `${(full[stage] / base).toFixed(1)}${ratio(half[stage], full[stage])}`)
  console.log(
    [
      name.padEnd(36),
      ...[`${base.toFixed(1)} ms${ratio(half['JSON.parse'], base)}`, ...cells].map((cell) => cell.padStart(14)),
    ].join(''),
  )
}

// What only an inflater or a header meets.
const begins = concat([Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0)])
for (const [name, work] of Object.entries({
  'gzip that looks like empty members': (bytes: number) => {
    const file = concat([
      begins,
      ...Array.from({ length: bytes / 10 }, () => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x8b)),
    ])
    return () => inflate(file, limits.batchBytes)
  },
  'a bomb': (bytes: number) => {
    const file = new Uint8Array(gzipSync(new Uint8Array(bytes * 100)))
    return () => inflate(file, limits.batchBytes)
  },
  'a header of 8 KiB of arrays': (bytes: number) => {
    const line = encode(fill('[', Math.min(bytes / 64, limits.headerBytes)))
    return () => readHeader(line, limits.headerBytes)
  },
  'a preference of spaces': (bytes: number) => {
    const header = `wait=${fill(' ', bytes / 16)}x y`
    return () => parsePrefer(header, 0)
  },
})) {
  const [half, full] = [await time(work(HALF)), await time(work(2 * HALF))]
  console.log(`${name.padEnd(36)}${full.toFixed(2).padStart(11)} ms${ratio(half, full)}`)
}
