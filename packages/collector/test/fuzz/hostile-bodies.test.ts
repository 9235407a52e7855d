import { hash } from 'node:crypto'
import type { ProblemCode, Rejection, RejectionCode } from '@waybill/protocol'
import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import type { Batch } from '../../src/core/batch.ts'
import type { Platform } from '../../src/core/platform.ts'
import { toTrace } from '../../src/core/trace-context.ts'
import { type BatchLog, createCollector, noSignatureCache } from '../../src/index.ts'
import { findNodePlatform } from '../../src/node/node-platform.ts'
import { segmentPaths } from '../../src/segment-api/segment-paths.ts'
import { webPlatform } from '../../src/web-platform.ts'
import { NOW } from '../batches.ts'
import { recordingSink } from '../recording-sink.ts'
import { judgeReceipt } from './credentials-oracle.ts'
import { digestOf } from './digest-of.ts'
import { CANARY } from './draft.ts'
import { heapBytes } from './heap-bytes.ts'
import type { Expected, ExpectedBatch, ExpectedLine } from './oracle.ts'
import { answerOf, isLarge, names, type Plan, plans, requestOf } from './plan.ts'
import type { Posted } from './posted.ts'
import { type HeaderEffects, keys, mac, receiptKeys, revoked, signingKeys } from './world.ts'

const { bodies, seed } = inject('hostile')

const STATUS: Partial<Record<ProblemCode, number>> = {
  body_incomplete: 400,
  invalid_encoding: 400,
  invalid_utf8: 400,
  invalid_header: 400,
  invalid_body: 400,
  range_mismatch: 400,
  unknown_key: 401,
  expired_key: 401,
  revoked_key: 401,
  token_required: 401,
  token_invalid: 401,
  token_expired: 401,
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

const isOwn = (posted: Posted): boolean => posted.path === '/v1/events'

function present(app: App, posted: Posted, piece: number): Response | Promise<Response> {
  const query = new URLSearchParams()
  for (const key of posted.keys) query.append(isOwn(posted) ? 'key' : 'writeKey', key)
  const headers = new Headers()
  for (const encoding of posted.encodings) {
    if (isOwn(posted)) query.append('encoding', encoding)
    else headers.append('Content-Encoding', encoding)
  }
  if (posted.origin !== null) headers.set('Origin', posted.origin)
  if (posted.contentType !== null) headers.set('Content-Type', posted.contentType)
  if (posted.authorization !== null) headers.set('Authorization', posted.authorization)
  for (const [name, value] of posted.headers) headers.append(name, value)
  const whole = piece === 0 && !posted.breaksOff
  // By HTTP it is true where it is stated; nothing may hang on that.
  const stated = whole ? posted.sent.length : [undefined, posted.sent.length, 1, 'x'][piece % 4]
  if (stated !== undefined) headers.set('Content-Length', String(stated))
  return app.request(
    new Request(`https://collector.example${posted.path}?${query}`, {
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
  const claim = answerOf(plan, fault.name)
  if (claim === 'as the oracle says') return
  const codes =
    'refused' in answer
      ? answer.refused
      : answer.batches.flatMap(({ lines }) => lines.flatMap((line) => ('codes' in line ? line.codes : [])))
  if (claim === 'recorded' || 'receipt' in claim) equal(codes, [], 'class and oracle')
  else if ('refused' in claim) equal(codes, claim.refused, 'class and oracle')
  else equal(codes, [claim.rejected], 'class and oracle')
  if (claim === 'recorded' || !('receipt' in claim) || 'refused' in answer) return
  const [batch] = answer.batches
  equal(batch && receiptOf(batch, []), claim.receipt, 'class and oracle of the receipt')
}

function equal(found: unknown, wanted: unknown, what: string): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (one !== other) throw new Error(`${what}: found ${one}, expected ${other}`)
}

/** What a collector takes where it is deployed. */
const nodePlatform = findNodePlatform() ?? webPlatform

/** WebCrypto takes a detour over another thread, which is most of what a small body takes in Node. */
const atOnce: Pick<Platform, 'sha256' | 'hmac'> = {
  sha256: async (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
  hmac: async (secret, bytes) => new Uint8Array(Buffer.from(mac(secret, bytes), 'base64url')),
}

/** A collector, and what it is held to. */
function createBench(platform: Platform): (plan: Plan) => Promise<void> {
  let taken: Batch[] = []
  let logged: BatchLog[] = []
  const sink = {
    ...recordingSink(),
    deliver: async (batch: Batch) => {
      taken.push(batch)
      return { ok: true, value: undefined } as const
    },
  }
  const log = (entry: BatchLog) => void logged.push(entry)
  // Without a cache each body reaches the sink, whatever came before it.
  const signatureCache = noSignatureCache
  const credentials = { keys, signingKeys, revoked, receiptKeys }
  const app = createCollector({ ...credentials, sinks: [sink], signatureCache, now: () => NOW, log }, platform)

  return async function holds(plan) {
    taken = []
    logged = []
    const { posted, expected, effects } = requestOf(plan)
    try {
      for (const { name } of plan.faults) count(name)
      claims(plan, expected)
      const response = await present(app, posted, plan.piece)
      const text = await response.text()
      equal(response.headers.get('Cache-Control'), 'no-store', 'Cache-Control')
      equal(response.headers.get('Access-Control-Allow-Credentials'), null, 'Access-Control-Allow-Credentials')
      if ('refused' in expected) {
        const { status, code } = JSON.parse(text)
        equal([status, code, taken.length], [STATUS[expected.refused], expected.refused, 0], 'answer')
        equal(response.status, status, 'status')
        equal(
          logged.map(({ code }) => code),
          [expected.refused],
          'log entries',
        )
        count(expected.refused)
      } else {
        equal(response.status, 200, `status, with ${text}`)
        const applied = response.headers.get('Preference-Applied') ?? undefined
        equal(applied, effects.applied, 'Preference-Applied')
        checkRecorded(expected.batches, { answer: JSON.parse(text), posted, taken, logged, effects })
      }
      if (text.includes(CANARY)) throw new Error(`the answer repeats what the sender wrote: ${text}`)
      const printed = JSON.stringify(logged)
      if (/c4n4ry|\\u00|\\[bfnrt]/.test(printed)) throw new Error(`the log: ${printed}`)
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${describe(posted)}`)
    }
  }
}

interface Seen {
  answer: { batchId?: string; recorded?: number; success?: boolean; rejected?: Partial<Rejection>[] }
  posted: Posted
  taken: readonly Batch[]
  logged: readonly BatchLog[]
  effects: HeaderEffects
}

type BadLine = Extract<ExpectedLine, { codes: unknown }>
const isBad = (line: ExpectedLine): line is BadLine => 'codes' in line

function checkRecorded(batches: readonly ExpectedBatch[], { answer, posted, taken, logged, effects }: Seen): void {
  const { rejected = [] } = answer
  const bad = batches.flatMap(({ lines }) => lines.filter(isBad))
  equal(rejected.length, bad.length, `how many were rejected, with ${JSON.stringify(answer)}`)
  const codes = bad.map(({ seq, codes, messageId }, index) => {
    const { code, ...place } = rejected[index] ?? {}
    const expected = isOwn(posted) ? [seq, messageId] : [undefined, messageId]
    equal([place.seq, place.messageId], expected, 'rejected')
    if (!code || !codes.includes(code)) throw new Error(`seq ${seq}: found ${code}, expected ${codes}`)
    count(code)
    return code
  })
  if (bad.length === 0) count('recorded')
  const [batch] = batches
  const good = batches.flatMap(({ lines }) => lines.filter((line) => !isBad(line) && !line.tombstone)).length
  if (isOwn(posted)) equal([answer.batchId, answer.recorded], [batch?.batchId, good], 'answer')
  else equal(answer.success, true, 'success')

  const byPlace = taken.toSorted((one, other) => one.header.first - other.header.first)
  equal(logged.length, batches.length, 'log entries')
  for (const batch of batches) {
    const own = codes.splice(0, batch.lines.filter(isBad).length)
    const worth = receiptOf(batch, own)
    const entry = logged.find(({ batchId }) => batchId === batch.batchId)
    const fault = worth === 'skips' || worth === 'skips nothing' ? undefined : worth
    equal([entry?.receipt, entry?.keyId, entry?.attempt], [fault, batch.keyId, effects.attempt ?? 1], 'log entry')
    equal(entry?.traceId, (effects.trace ?? toTrace(batch.clientDigest)).traceId, 'trace of the log')
    count(worth ?? 'no receipt')
    if (worth !== 'skips') checkTaken(byPlace.shift(), batch, own, effects)
  }
  equal(byPlace.length, 0, 'batches at the sink that nobody sent')
}

/** What the receipt of a batch is worth, of which these lines were rejected. */
function receiptOf({ keyId, batchId, clientDigest, receipt, lines }: ExpectedBatch, codes: readonly RejectionCode[]) {
  if (receipt === undefined) return
  const rejected = lines.filter(isBad).map(({ seq }, index): [number, string] => [seq, codes[index] ?? ''])
  return judgeReceipt(receipt, { keyId, batchId, digest: takenDigest(clientDigest, rejected), rejected })
}

function checkTaken(
  found: Batch | undefined,
  { keyId, batchId, lines, received, clientDigest }: ExpectedBatch,
  codes: readonly RejectionCode[],
  { trace = toTrace(clientDigest) }: HeaderEffects,
): void {
  const rejected = lines.filter(isBad).map(({ seq }, index): [number, string] => [seq, codes[index] ?? ''])
  equal([found?.keyId, found?.batchId], [keyId, batchId], 'batch at the sink')
  equal(found?.digest, takenDigest(clientDigest, rejected), 'digest')
  equal(found?.trace, trace, 'trace')
  const reasons = [...codes]
  const texts = lines.map((line) => {
    if (!isBad(line)) return `${decoder.decode(line.line.subarray(0, -1))},"received":${received}}`
    const { seq, through, streamId, messageId } = line
    const range = through > seq ? { through } : {}
    const tombstone = { streamId, seq, ...range, type: 'rejected', reason: reasons.shift(), messageId }
    return `${JSON.stringify(tombstone).slice(0, -1)},"received":${received}}`
  })
  equal(
    found?.lines.map((line) => decoder.decode(line)),
    texts,
    'lines at the sink',
  )
}

/** Of the sender's lines, and of what was rejected of them, if anything was. */
const takenDigest = (clientDigest: string, rejected: readonly [seq: number, code: string][]): string =>
  rejected.length === 0 ? clientDigest : digestOf(JSON.stringify([clientDigest, ...rejected]))

/** The request as a text that can be read, and put into a test. */
function describe({ inflated, sent, ...request }: Posted): string {
  const plain = inflated ?? sent
  const text = Array.from(plain.subarray(0, 3_000), (byte) => String.fromCharCode(byte)).join('')
  const what = `Body, ${plain.length} bytes${inflated ? ' before gzip' : ''}, as Latin-1: ${JSON.stringify(text)}`
  return `${JSON.stringify(request).slice(0, 2_000)}\n${what}`
}

/** Of each class alone; fewer where they take long, or where the other kind of request has had them all. */
const runsOf = (name: string, isOther = false): number => (isLarge(name) || isOther ? 4 : 8)

/** In milliseconds, for the runs of a class: nothing takes that long but a hang, however busy the machine is. */
const HANGS = 60_000

/** In bytes, what may be on its way at any moment: of 50,000 bodies, one that leaves a kilobyte behind is found. */
const FLAT = 32 * 2 ** 20

/** Between two looks at the heap. */
const ROUND = 10_000
/** Hashing and inflating are done by other threads, which one body at a time would wait for. */
const benches = [0, 1, 2, 3, 4, 5].map((each) =>
  createBench(each === 0 ? webPlatform : { ...(each % 2 === 0 ? webPlatform : nodePlatform), ...atOnce }),
)

/** Of all bodies: the first has WebCrypto, whose threads are most of what a small body takes. */
const shareOf = (bench: number): number => (bench === 0 ? 1 : 3) / (3 * benches.length - 2)

test.each(names.batch)(
  '%s, and nothing else that is wrong',
  async (name) => {
    const [holds = createBench(webPlatform)] = benches
    const lines = [0, 1, 2].map((dress) => ({ kind: 'event' as const, dress, json: '{}' }))
    for (let n = 0; n < runsOf(name); n++) await holds({ first: 1, lines, faults: [{ name, at: 1, n }], piece: 0 })
  },
  HANGS,
)

test.each(names.segment)(
  '%s, to Segment’s API, and nothing else that is wrong',
  async (name) => {
    const [holds = createBench(webPlatform)] = benches
    const events = [0, 1, 4].map((dress) => ({ type: 'track', dress, json: '{}' }))
    for (let n = 0; n < runsOf(name, names.batch.includes(name)); n++) {
      const [path, place] = [segmentPaths[n % segmentPaths.length], (['header', 'query', 'body'] as const)[n % 3]]
      if (path && place)
        await holds({ path, place, events, shares: n % 2 === 0, faults: [{ name, at: 1, n }], piece: 0 })
    }
  },
  HANGS,
)

test(`${bodies.toLocaleString('en')} hostile bodies, seed ${seed}: each has the code of its class, good neighbours arrive byte for byte, nothing a sender wrote is logged, and memory stays flat`, async () => {
  let before: number | undefined
  for (let done = 0; done < bodies; done += ROUND) {
    await Promise.all(
      benches.map((holds, index) =>
        fc.assert(fc.asyncProperty(plans, holds), {
          seed: seed + (done / ROUND) * benches.length + index,
          numRuns: Math.ceil(Math.min(ROUND, bodies - done) * shareOf(index)),
          timeout: HANGS,
        }),
      ),
    )
    // Once everything is compiled.
    before ??= heapBytes()
  }
  const after = heapBytes()
  if (before !== undefined && after !== undefined) expect(after - before).toBeLessThan(FLAT)
  const all = [...names.batch, ...names.segment, ...Object.keys(STATUS), ...REJECTIONS, 'recorded', 'skips']
  expect(all.filter((what) => !seen.has(what))).toEqual([])
}, 10_800_000)
