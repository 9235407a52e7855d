import type { ProblemCode, RejectionCode } from '@waybill/protocol'
import type { Bytes } from '../../src/core/bytes.ts'
import { type Scanned, scanJson } from './scan-json.ts'
import { isUtf8 } from './utf8.ts'

/** A request, and what a correct inflater makes of its body. */
export interface Posted {
  keys: string[]
  encodings: string[]
  origin: string | null
  contentType: string | null
  sent: Bytes
  /** The connection ends before the body does. */
  breaksOff: boolean
  /** `undefined` for what is not one whole gzip member, or was not called gzip. */
  inflated: Bytes | undefined
}

/** What has to become of it. Where two codes hold, either is right. */
export type Expected = { refused: ProblemCode } | { lines: ExpectedLine[]; received: string; batchId: string }
export type ExpectedLine =
  | { line: Bytes; tombstone: boolean }
  | { seq: number; through: number; codes: RejectionCode[]; streamId: string }

export interface Site {
  key: string
  origin: string
  now: number
}

const LF = 0x0a
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()
const byteLength = (text: string) => encoder.encode(text).length

/** Written from the wire's description, rule by rule, and not from the collector. */
export function expect(posted: Posted, site: Site): Expected {
  const { keys, encodings, origin, contentType, sent, inflated } = posted
  if (keys[0] !== site.key) return { refused: 'unknown_key' }
  if (origin !== site.origin) return { refused: 'origin_not_allowed' }
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'text/plain') return { refused: 'unsupported_media_type' }
  const [encoding] = encodings
  if (encoding !== undefined && encoding !== 'gzip') return { refused: 'unsupported_encoding' }
  if (sent.length > 524_288) return { refused: 'body_too_large' }
  if (posted.breaksOff) return { refused: 'body_incomplete' }
  const plain = encoding === undefined ? sent : inflated
  if (!plain) return { refused: 'invalid_encoding' }
  if (plain.length > 524_288) return { refused: 'batch_too_large' }

  const [first = new Uint8Array(), ...lines] = split(plain)
  if (first.length > 8_192) return { refused: 'invalid_header' }
  if (!isUtf8(first)) return { refused: 'invalid_utf8' }
  const header = readHeader(decoder.decode(first))
  if (!header) return { refused: 'invalid_header' }
  if (lines.length > 500) return { refused: 'too_many_events' }

  const expected: ExpectedLine[] = []
  let next = header.first
  for (const line of lines) {
    if (next > header.last) return { refused: 'range_mismatch' }
    const found = readLine(line, header.streamId, next)
    if (found === 'mismatch' || found.through > header.last) return { refused: 'range_mismatch' }
    expected.push(
      found.codes.length === 0
        ? { line, tombstone: found.tombstone }
        : { seq: next, through: found.through, codes: found.codes, streamId: header.streamId },
    )
    next = found.through + 1
  }
  if (next <= header.last) return { refused: 'range_mismatch' }
  const at = new Date(site.now).toISOString()
  const { batchId, sentAt, copy } = header
  const received = copy ? { at, batchId } : { at, batchId, sentAt, skewMs: site.now - Date.parse(sentAt) }
  return { lines: expected, received: JSON.stringify(received), batchId }
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
  for (const name of ['receipt', 'token']) if (get(name) !== undefined && !isText(get(name))) return
  const copy = get('copy')
  if (copy !== undefined && typeof copy !== 'boolean') return
  return { streamId, first, last, batchId, sentAt, copy }
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
  if (scanned.members.has('received')) return found('reserved_member')
  const shape: RejectionCode[] = []
  if (scanned.depth > 32) shape.push('too_deep')
  if (scanned.prototype) shape.push('prototype_member')
  if (shape.length > 0) return found(...shape)
  return found(...(tombstone ? faultsOfTombstone(get, streamId, seq) : faultsOfEvent(scanned, streamId, seq)))
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

function faultsOfEvent(scanned: Scanned, streamId: string, seq: number): RejectionCode[] {
  const get = (name: string) => memberOf(scanned, name)
  const filled = (name: string) => isText(get(name)) && get(name) !== ''
  const absentOr = (name: string, fits: (name: string) => boolean) => get(name) === undefined || fits(name)
  const isObject = (name: string) => scanned.members.get(name)?.kind === 'object'
  const type = get('type')
  const fit =
    get('messageId') === `${streamId}.${seq}` &&
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
  if (Math.max(bytesOf('properties'), bytesOf('traits')) > 16_384) return ['properties_too_large']
  return bytesOf('state') > 16_384 ? ['state_too_large'] : []
}
