import type { ProblemCode, RejectionCode } from '@waybill/protocol'
import type { Bytes } from '../../src/core/bytes.ts'
import { NOW } from '../batches.ts'
import { authenticate, refuseToken } from './credentials-oracle.ts'
import { digestOf } from './digest-of.ts'
import type { Posted } from './posted.ts'
import { type Scanned, scanJson } from './scan-json.ts'
import { isUtf8 } from './utf8.ts'

/** What has to become of it. Where two codes hold, either is right. */
export type Expected = { refused: ProblemCode } | { batches: ExpectedBatch[] }

export interface ExpectedBatch {
  keyId: string
  batchId: string
  lines: ExpectedLine[]
  /** The member that the collector appends. */
  received: string
  /** SHA-256 over what the client said. */
  clientDigest: string
  /** As it was presented, whatever it is worth. */
  receipt?: string
}

export type ExpectedLine =
  | { line: Bytes; tombstone: boolean }
  | { seq: number; through: number; codes: RejectionCode[]; streamId: string; messageId: string }

const LF = 0x0a
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()
export const byteLength = (text: string): number => encoder.encode(text).length

export const MOST_BYTES = 524_288

/** Written from the wire's description, rule by rule, and not from the collector. */
export function expectBatch(posted: Posted): Expected {
  const { keys, encodings, contentType, sent, inflated } = posted
  const site = authenticate(keys[0], posted.origin)
  if ('refused' in site) return site
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'text/plain') return { refused: 'unsupported_media_type' }
  const [encoding] = encodings
  if (encoding !== undefined && encoding !== 'gzip') return { refused: 'unsupported_encoding' }
  const isLarge = sent.length > MOST_BYTES
  if (posted.breaksOff && !isLarge) return { refused: 'body_incomplete' }
  const plain = encoding === undefined ? sent : inflated
  if (!plain) return { refused: isLarge ? 'body_too_large' : 'invalid_encoding' }

  const [first = new Uint8Array(), ...lines] = split(plain)
  const isRead = first.length <= 8_192 && isUtf8(first)
  const header = isRead ? readHeader(decoder.decode(first)) : undefined
  const tokenFault = header && site.tokenSecrets && refuseToken(header.token, site.tokenSecrets, site.id)
  if (tokenFault) return { refused: tokenFault }
  if (isLarge) return { refused: 'body_too_large' }
  if (plain.length > MOST_BYTES) return { refused: 'batch_too_large' }
  if (!header) return { refused: first.length <= 8_192 && !isRead ? 'invalid_utf8' : 'invalid_header' }

  const expected: ExpectedLine[] = []
  let next = header.first
  for (const [index, line] of lines.entries()) {
    if (index === 500) return { refused: 'too_many_events' }
    if (next > header.last) return { refused: 'range_mismatch' }
    const found = readLine(line, header.streamId, next)
    if (found === 'mismatch' || found.through > header.last) return { refused: 'range_mismatch' }
    expected.push(
      found.codes.length === 0
        ? { line, tombstone: found.tombstone }
        : { seq: next, ...found, streamId: header.streamId, messageId: `${header.streamId}.${next}` },
    )
    next = found.through + 1
  }
  if (next <= header.last) return { refused: 'range_mismatch' }
  const { batchId, sentAt, copy, receipt } = header
  const clientDigest = digestOf(plain.subarray(first.length + 1))
  const received = receivedOf(batchId, copy ? undefined : sentAt)
  const batch = { keyId: site.id, batchId, lines: expected, received, clientDigest }
  return { batches: [receipt === undefined ? batch : { ...batch, receipt }] }
}

/** @param sentAt the client's clock, where it is to be believed */
export function receivedOf(batchId: string, sentAt: string | undefined): string {
  const at = new Date(NOW).toISOString()
  const skew = sentAt === undefined ? {} : { sentAt, skewMs: NOW - Date.parse(sentAt) }
  return JSON.stringify({ at, batchId, ...skew })
}

/** At each LF; the last line may do without. */
function split(bytes: Bytes): Bytes[] {
  const lines: Bytes[] = []
  let from = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
    lines.push(bytes.subarray(from, at))
    from = at + 1
  }
  if (from < bytes.length) lines.push(bytes.subarray(from))
  return lines
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 53 - 1
const isInstant = (value: unknown): value is string =>
  isText(value) && INSTANT.test(value) && !Number.isNaN(Date.parse(value))

/** A scalar member's value; `'nested'` for one with members of its own. */
function memberOf({ members }: Scanned, name: string): unknown {
  const member = members.get(name)
  if (!member) return undefined
  return member.kind === 'scalar' ? member.value : NESTED
}
const NESTED = Symbol('nested')

function readHeader(text: string) {
  const scanned = scanJson(text, byteLength)
  if (!scanned) return
  const get = (name: string) => memberOf(scanned, name)
  const [streamId, first, last, batchId, sentAt, sdk, attempt] = [
    get('streamId'),
    get('first'),
    get('last'),
    get('batchId'),
    get('sentAt'),
    get('sdk'),
    get('attempt'),
  ]
  if (get('v') !== 1 || !isText(streamId) || !UUID.test(streamId)) return
  if (!isCount(first) || !isCount(last) || last < first || batchId !== `${streamId}:${first}-${last}`) return
  if (!isInstant(get('cutAt')) || !isInstant(sentAt) || !isCount(attempt)) return
  if (!isText(sdk) || sdk.length < 1 || sdk.length > 100) return
  const [receipt, token] = [get('receipt'), get('token')]
  if (receipt !== undefined && !isText(receipt)) return
  if (token !== undefined && !isText(token)) return
  const copy = get('copy')
  if (copy !== undefined && typeof copy !== 'boolean') return
  return { streamId, first, last, batchId, sentAt, copy, receipt, token }
}

type Line = { through: number; tombstone: boolean; codes: RejectionCode[] }

function readLine(line: Bytes, streamId: string, seq: number): Line | 'mismatch' {
  const alone = (...codes: RejectionCode[]): Line => ({ through: seq, tombstone: false, codes })
  if (line.length > 45_056) return alone('event_too_large')
  if (line[0] !== 0x7b || line.at(-1) !== 0x7d) return alone('invalid_json')
  if (!isUtf8(line)) return alone('invalid_utf8')
  const scanned = scanJson(decoder.decode(line), byteLength)
  if (!scanned) return alone('invalid_json')

  const get = (name: string) => memberOf(scanned, name)
  const [type, through, ownSeq, ownStream] = [get('type'), get('through'), get('seq'), get('streamId')]
  const says = isCount(ownSeq) && isText(ownStream) && UUID.test(ownStream)
  if (!scanned.repeats && says && (ownStream !== streamId || ownSeq !== seq)) return 'mismatch'
  const tombstone = type === 'shed' || type === 'rejected'
  const found = (...codes: RejectionCode[]): Line => ({
    through: tombstone && isCount(through) && through > seq ? through : seq,
    tombstone,
    codes,
  })
  if (scanned.repeats) return found('duplicate_member')
  if (!says) return found('invalid_event')
  const shape = faultsOfShape(scanned)
  if (shape.length > 0) return found(...shape)
  return found(...(tombstone ? faultsOfTombstone(get, streamId, seq) : faultsOfEvent(scanned, `${streamId}.${seq}`)))
}

function faultsOfTombstone(get: (name: string) => unknown, streamId: string, seq: number): RejectionCode[] {
  const [reason, through, messageId] = [get('reason'), get('through'), get('messageId')]
  const fit =
    (messageId === undefined || messageId === `${streamId}.${seq}`) &&
    isText(reason) &&
    /^[a-z0-9_]{1,64}$/.test(reason) &&
    (through === undefined || (isCount(through) && through >= seq))
  return fit ? [] : ['invalid_event']
}

/** What no line may have, whatever it stands for. */
export function faultsOfShape(scanned: Scanned): RejectionCode[] {
  if (scanned.members.has('received')) return ['reserved_member']
  const shape: RejectionCode[] = []
  if (scanned.depth > 32) shape.push('too_deep')
  if (scanned.prototype) shape.push('prototype_member')
  return shape
}

export function faultsOfEvent(scanned: Scanned, messageId: string, most = 16_384): RejectionCode[] {
  const get = (name: string) => memberOf(scanned, name)
  const filled = (name: string) => isText(get(name)) && get(name) !== ''
  const absentOr = (name: string, fits: (name: string) => boolean) => get(name) === undefined || fits(name)
  const isObject = (name: string) => scanned.members.get(name)?.kind === 'object'
  const type = get('type')
  const fit =
    get('messageId') === messageId &&
    isText(type) &&
    ['track', 'page', 'screen', 'identify', 'group', 'alias'].includes(type) &&
    (type !== 'track' || filled('event')) &&
    isInstant(get('timestamp')) &&
    absentOr('anonymousId', filled) &&
    absentOr('userId', filled) &&
    (get('anonymousId') !== undefined || get('userId') !== undefined) &&
    ['properties', 'traits', 'context', 'span', 'state'].every((name) => absentOr(name, isObject))
  if (!fit) return ['invalid_event']
  const bytesOf = (name: string) => {
    const member = scanned.members.get(name)
    return member && member.kind !== 'scalar' ? member.bytes : 0
  }
  if (Math.max(bytesOf('properties'), bytesOf('traits')) > most) return ['properties_too_large']
  return bytesOf('state') > most ? ['state_too_large'] : []
}
