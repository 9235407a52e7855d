import { hash } from 'node:crypto'
import type { ProblemCode, Rejection, RejectionCode } from '@waybill/protocol'
import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import type { Batch } from '../../src/core/batch.ts'
import type { Platform } from '../../src/core/platform.ts'
import { type BatchLog, createCollector, noSignatureCache } from '../../src/index.ts'
import { webPlatform } from '../../src/web-platform.ts'
import { NOW } from '../batches.ts'
import { KEY, ORIGIN, writeKey } from '../present.ts'
import { recordingSink } from '../recording-sink.ts'
import { CANARY, type Draft, toPosted } from './draft.ts'
import { heapBytes } from './heap-bytes.ts'
import { type Expected, type ExpectedLine, expect as expected, type Posted } from './oracle.ts'
import { draftOf, faultOf, names, type Plan, plans } from './plan.ts'

const { bodies, seed } = inject('hostile')

const STATUS: Partial<Record<ProblemCode, number>> = {
  body_incomplete: 400,
  invalid_encoding: 400,
  invalid_utf8: 400,
  invalid_header: 400,
  range_mismatch: 400,
  unknown_key: 401,
  origin_not_allowed: 403,
  body_too_large: 413,
  batch_too_large: 413,
  too_many_events: 413,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
}

const REJECTIONS: RejectionCode[] = [
  'invalid_utf8',
  'invalid_json',
  'duplicate_member',
  'invalid_event',
  'event_too_large',
  'properties_too_large',
  'state_too_large',
  'too_deep',
  'prototype_member',
  'reserved_member',
]

/** How often each class has come, and each answer. */
const seen = new Map<string, number>()
const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

type App = ReturnType<typeof createCollector>

function present(app: App, posted: Posted, piece: number): Response | Promise<Response> {
  const query = new URLSearchParams()
  for (const key of posted.keys) query.append('key', key)
  for (const encoding of posted.encodings) query.append('encoding', encoding)
  const headers = new Headers()
  if (posted.origin !== null) headers.set('Origin', posted.origin)
  if (posted.contentType !== null) headers.set('Content-Type', posted.contentType)
  const whole = piece === 0 && !posted.breaksOff
  return app.request(
    new Request(`https://collector.example/v1/events?${query}`, {
      method: 'POST',
      headers,
      body: whole ? posted.sent : inPieces(posted, piece),
      ...(whole ? {} : { duplex: 'half' }),
    }),
  )
}

function inPieces({ sent, breaksOff }: Posted, piece: number): ReadableStream<Uint8Array> {
  const end = breaksOff ? sent.length >> 1 : sent.length
  // Of a large body, not so many that it would be their number that is tested.
  const step = Math.max(piece, Math.ceil(sent.length / 64), 1)
  let from = 0
  return new ReadableStream({
    pull(controller) {
      if (from < end) controller.enqueue(sent.slice(from, Math.min(end, from + step)))
      else if (breaksOff) controller.error(new DOMException('The client has left', 'AbortError'))
      else controller.close()
      from += step
    },
  })
}

/** A class with no other beside it answers with its own code, whatever the oracle makes of it. */
function claims(plan: Plan, answer: Expected): void {
  const [fault, another] = plan.faults
  if (!fault || another) return
  const claim = faultOf(fault.name).answer
  if (claim === 'as the oracle says') return
  const codes =
    'refused' in answer ? answer.refused : answer.lines.flatMap((line) => ('codes' in line ? line.codes : []))
  if (claim === 'recorded') equal(codes, [], 'class and oracle')
  else if ('refused' in claim) equal(codes, claim.refused, 'class and oracle')
  else equal(codes, [claim.rejected], 'class and oracle')
}

function equal(found: unknown, wanted: unknown, what: string): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (one !== other) throw new Error(`${what}: found ${one}, expected ${other}`)
}

/** A digest without WebCrypto's detour over another thread, which is most of what a small body takes in Node. */
const hashAtOnce: Platform['sha256'] = async (bytes) =>
  Uint8Array.from(hash('sha256', bytes, 'hex').match(/../g) ?? [], (hex) => Number.parseInt(hex, 16))

/** A collector, and what it is held to. */
function createBench(platform: Platform): (plan: Plan) => Promise<void> {
  let taken: Batch[] = []
  let logged: string[] = []
  const sink = {
    ...recordingSink(),
    deliver: async (batch: Batch) => {
      taken.push(batch)
      return { ok: true, value: undefined } as const
    },
  }
  const log = (entry: BatchLog) => void logged.push(JSON.stringify(entry))
  // Without a cache each body reaches the sink, whatever came before it.
  const signatureCache = noSignatureCache
  const app = createCollector({ keys: [writeKey], sinks: [sink], signatureCache, now: () => NOW, log }, platform)

  return async function holds(plan) {
    taken = []
    logged = []
    const draft = draftOf(plan)
    const posted = toPosted(draft)
    const answer = expected(posted, { key: KEY, origin: ORIGIN, now: NOW })
    try {
      for (const { name } of plan.faults) count(name)
      claims(plan, answer)
      const response = await present(app, posted, plan.piece)
      const text = await response.text()
      equal(response.headers.get('Cache-Control'), 'no-store', 'Cache-Control')
      equal(response.headers.get('Access-Control-Allow-Credentials'), null, 'Access-Control-Allow-Credentials')
      if ('refused' in answer) {
        const { status, code } = JSON.parse(text)
        equal([status, code, taken.length], [STATUS[answer.refused], answer.refused, 0], 'answer')
        equal(response.status, status, 'status')
        count(answer.refused)
      } else {
        equal(response.status, 200, `status, with ${text}`)
        checkRecorded(answer, text, taken)
        equal(taken[0]?.digest, digestOf(posted, JSON.parse(text).rejected), 'digest')
      }
      equal(logged.length, 1, 'log entries')
      if (text.includes(CANARY)) throw new Error(`the answer repeats what the sender wrote: ${text}`)
      if (/c4n4ry|\\u00|\\[bfnrt]/.test(logged[0] ?? '')) throw new Error(`the log: ${logged[0]}`)
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${describe(draft, posted)}`)
    }
  }
}

function checkRecorded(
  answer: Exclude<Expected, { refused: ProblemCode }>,
  text: string,
  taken: readonly Batch[],
): void {
  const { batchId, recorded, rejected } = JSON.parse(text)
  const bad = answer.lines.filter((line): line is Extract<ExpectedLine, { codes: unknown }> => 'codes' in line)
  equal(batchId, answer.batchId, 'batchId')
  equal(recorded, answer.lines.filter((line) => 'line' in line && !line.tombstone).length, 'recorded')
  equal(rejected.length, bad.length, `how many were rejected, with ${text}`)
  const codes = bad.map(({ seq, codes, streamId }, index) => {
    const { code } = rejected[index]
    equal([rejected[index].seq, rejected[index].messageId], [seq, `${streamId}.${seq}`], 'rejected')
    if (!codes.includes(code)) throw new Error(`seq ${seq}: found ${code}, expected ${codes}`)
    count(code)
    return code
  })
  if (bad.length === 0) count('recorded')
  equal(taken.length, 1, 'batches at the sink')
  const lines = answer.lines.map((line) => {
    if ('line' in line) return `${decoder.decode(line.line.subarray(0, -1))},"received":${answer.received}}`
    const { seq, through, streamId } = line
    const range = through > seq ? { through } : {}
    const tombstone = {
      streamId,
      seq,
      ...range,
      type: 'rejected',
      reason: codes.shift(),
      messageId: `${streamId}.${seq}`,
    }
    return `${JSON.stringify(tombstone).slice(0, -1)},"received":${answer.received}}`
  })
  equal(
    taken[0]?.lines.map((line) => decoder.decode(line)),
    lines,
    'lines at the sink',
  )
}

/** Of the sender's lines, and of what was rejected of them, if anything was. */
function digestOf({ inflated, sent }: Posted, rejected: readonly Rejection[]): string {
  const plain = inflated ?? sent
  const end = plain.indexOf(0x0a)
  const own = hash('sha256', end < 0 ? new Uint8Array() : plain.subarray(end + 1), 'hex')
  if (rejected.length === 0) return own
  return hash('sha256', JSON.stringify([own, ...rejected.map(({ seq, code }) => [seq, code])]), 'hex')
}

/** The body as a text that can be read, and put into a test. */
function describe(draft: Draft, posted: Posted): string {
  const plain = posted.inflated ?? posted.sent
  const text = Array.from(plain.subarray(0, 3_000), (byte) => String.fromCharCode(byte)).join('')
  return `${draft.encodings[0] === undefined ? 'Body' : 'Body before gzip'}, ${plain.length} bytes, as Latin-1: ${JSON.stringify(text)}`
}

/** Between two looks at the heap. */
const ROUND = 10_000
/** Hashing and inflating are done by other threads, which one body at a time would wait for. */
const benches = [0, 1, 2, 3].map((each) =>
  createBench(each === 0 ? webPlatform : { ...webPlatform, sha256: hashAtOnce }),
)

test.each(names)('%s, and nothing else that is wrong', async (name) => {
  const [holds = createBench(webPlatform)] = benches
  const lines = [0, 1, 2].map((dress) => ({ kind: 'event' as const, dress, json: '{}' }))
  for (let n = 0; n < 12; n++) await holds({ first: 1, lines, faults: [{ name, at: 1, n }], piece: 0 })
})

test(`${bodies.toLocaleString('en')} hostile bodies, seed ${seed}: each has the code of its class, good neighbours arrive byte for byte, nothing a sender wrote is logged, and memory stays flat`, async () => {
  let before: number | undefined
  for (let done = 0; done < bodies; done += ROUND) {
    const numRuns = Math.ceil(Math.min(ROUND, bodies - done) / benches.length)
    await Promise.all(
      benches.map((holds, index) =>
        fc.assert(fc.asyncProperty(plans, holds), {
          seed: seed + (done / ROUND) * benches.length + index,
          numRuns,
          timeout: 30_000,
        }),
      ),
    )
    // Once everything is compiled.
    before ??= heapBytes()
  }
  const after = heapBytes()
  // A body that leaves half a kilobyte behind is found.
  if (before !== undefined && after !== undefined) {
    expect(after - before).toBeLessThan(Math.max(8 * 2 ** 20, (bodies - ROUND) * 512))
  }
  const all = [...names, ...Object.keys(STATUS), ...REJECTIONS, 'recorded']
  expect(all.filter((what) => !seen.has(what))).toEqual([])
}, 3_600_000)
