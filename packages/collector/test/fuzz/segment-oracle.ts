import type { RejectionCode } from '@waybill/protocol'
import type { Bytes } from '../../src/core/bytes.ts'
import type { Taken } from '../../src/segment-api/segment-paths.ts'
import { NOW } from '../batches.ts'
import { authenticate } from './credentials-oracle.ts'
import { digestOf } from './digest-of.ts'
import {
  byteLength,
  type Expected,
  type ExpectedBatch,
  type ExpectedLine,
  faultsOfEvent,
  faultsOfShape,
  MOST_BYTES,
  receivedOf,
} from './oracle.ts'
import type { Posted } from './posted.ts'
import { scanJson } from './scan-json.ts'
import { isUtf8 } from './utf8.ts'

// Texts here are of one character a byte (Latin-1), so that one event that is no UTF-8 leaves its neighbours as they are.

interface Member {
  name: string
  text: string
}

/** An event as its line will have it, without its place. */
interface Read {
  messageId?: string
  type?: string
  timestamp?: string
  own: Member[]
}

type Event = { json: string } & (Read | { codes: RejectionCode[] })

/** There is no place for a token in what these clients send. */
function letIn(key: string | undefined, origin: string | null): ReturnType<typeof authenticate> {
  const site = authenticate(key, origin)
  return 'refused' in site || !site.tokenSecrets ? site : { refused: 'token_required' }
}

/** Written from what SECURITY.md, README and the comments promise of Segment's API, and not from its code. */
export function expectSegment(posted: Posted, takes: Taken): Expected {
  const { origin, sent } = posted
  const key = userOf(posted.authorization) ?? posted.keys[0]
  const known = key === undefined ? undefined : letIn(key, origin)
  if (known && 'refused' in known) return known
  const encoding = posted.encodings.length > 0 ? posted.encodings.join(', ').toLowerCase() : 'identity'
  if (encoding !== 'gzip' && encoding !== 'identity') return { refused: 'unsupported_encoding' }
  if (sent.length > MOST_BYTES) return { refused: 'body_too_large' }
  if (posted.breaksOff) return { refused: 'body_incomplete' }
  const plain = encoding === 'gzip' ? posted.inflated : sent
  if (!plain) return { refused: 'invalid_encoding' }
  if (plain.length > MOST_BYTES) return { refused: 'batch_too_large' }

  const json = compact(Buffer.from(plain).toString('latin1'))
  const { parts, isWhole } = split(json, '{')
  const found = parts.map(toMember)
  const only = (name: string): unknown => {
    const [member, another] = found.filter((each) => each?.name === name)
    return member && !another ? scalarOf(member.text) : undefined
  }
  const site = known ?? letIn(textOf(only('writeKey')), origin)
  if ('refused' in site) return site
  const members = found.filter((member) => member !== undefined)
  if (!isWhole || members.length < found.length || hasTwins(members)) return { refused: 'invalid_body' }
  const batch = members.find(({ name }) => name === 'batch')
  const elements = takes === 'batch' ? batch && split(batch.text, '[') : { parts: [json], isWhole: true }
  if (elements && elements.parts.length > 2_500) return { refused: 'too_many_events' }
  if (!elements?.isWhole) return { refused: 'invalid_body' }
  const shared = takes === 'batch' ? members.filter(({ name }) => name === 'context' || name === 'integrations') : []
  const sharedBytes = shared.reduce((bytes, { text }) => bytes + text.length, 0)
  if (sharedBytes * elements.parts.length > 4 * MOST_BYTES) return { refused: 'batch_too_large' }

  const type = takes === 'batch' ? undefined : takes
  const events = elements.parts.map((text) => readEvent(text, type, shared))
  const ofFirst = toMembers(elements.parts[0] ?? '')?.find(({ name }) => name === 'sentAt')
  const sentAt = only('sentAt') ?? (ofFirst && scalarOf(ofFirst.text))
  return { batches: toBatches(events, site.id, toInstant(sentAt)) }
}

function toBatches(events: readonly Event[], keyId: string, sentAt: string | undefined): ExpectedBatch[] {
  const seen = new Map<string, number>()
  const identified = events.map((event) => {
    if ('own' in event && event.messageId !== undefined) return { event, identity: event.messageId }
    const content = latin1('own' in event ? contentOf(event) : event.json)
    const hash = digestOf(content)
    const times = seen.get(hash) ?? 0
    seen.set(hash, times + 1)
    const own = times === 0 ? hash : digestOf(Buffer.concat([Buffer.from(hash, 'hex'), Buffer.from(String(times))]))
    return { event, identity: toUuid(own) }
  })
  const streamId = toUuid(digestOf(JSON.stringify([keyId, ...identified.map(({ identity }) => identity)])))
  const placed = identified.map(({ event, identity }, index) => place(event, identity, streamId, index + 1))
  return Array.from({ length: Math.ceil(placed.length / 500) }, (_, index): ExpectedBatch => {
    const some = placed.slice(500 * index, 500 * index + 500)
    const batchId = `${streamId}:${500 * index + 1}-${500 * index + some.length}`
    const clientDigest = digestOf(latin1(some.map(({ said }) => `${said}\n`).join('')))
    return { keyId, batchId, lines: some.map(({ line }) => line), received: receivedOf(batchId, sentAt), clientDigest }
  })
}

function place(event: Event, identity: string, streamId: string, seq: number): { line: ExpectedLine; said: string } {
  const reject = (codes: RejectionCode[], messageId: string): ExpectedLine => {
    return { seq, through: seq, codes, streamId, messageId }
  }
  if ('codes' in event) return { line: reject(event.codes, `${streamId}.${seq}`), said: utf8(identity) }
  const start = { streamId, seq, messageId: identity }
  const toLine = (timestamp?: string) =>
    `${JSON.stringify({ ...start, type: event.type, timestamp })
      .slice(0, -1)
      .replace(/"messageId":.*/s, utf8)}${event.own
      .map(({ name, text }) => `,${utf8(JSON.stringify(name))}:${text}`)
      .join('')}}`
  const said = toLine(event.timestamp)
  const isTimed = event.timestamp !== undefined || event.own.some(({ name }) => name === 'timestamp')
  const line = isTimed ? said : toLine(new Date(NOW).toISOString())
  const codes = faultsOf(line, identity)
  return { said, line: codes.length > 0 ? reject(codes, identity) : { line: latin1(line), tombstone: false } }
}

function faultsOf(line: string, messageId: string): RejectionCode[] {
  if (line.length > 45_056) return ['event_too_large']
  const scanned = scan(line)
  if (typeof scanned === 'string') return [scanned]
  if (scanned.repeats) return ['duplicate_member']
  const shape = faultsOfShape(scanned)
  return shape.length > 0 ? shape : faultsOfEvent(scanned, messageId, 45_056)
}

function scan(json: string) {
  const bytes = latin1(json)
  if (!isUtf8(bytes)) return 'invalid_utf8'
  return scanJson(Buffer.from(bytes).toString('utf8'), byteLength) ?? 'invalid_json'
}

function readEvent(json: string, type: string | undefined, shared: readonly Member[]): Event {
  const scanned = scan(json)
  if (typeof scanned === 'string') return { json, codes: [scanned] }
  const members = toMembers(json) ?? []
  if (hasTwins(members)) return { json, codes: ['duplicate_member'] }
  if (members.some(({ name }) => name === 'streamId' || name === 'seq')) return { json, codes: ['reserved_member'] }
  const find = (name: string) => members.find((member) => member.name === name)?.text
  const text = (name: string) => textOf(scalarOf(find(name) ?? '')) || undefined
  const id = toId(find('messageId'))
  if (id === undefined || id.length > 256) return { json, codes: ['invalid_event'] }

  const [stated, original] = [text('timestamp'), text('originalTimestamp')]
  const timestamp = toInstant(stated ?? original)
  const moved = ['type', 'messageId', 'sentAt', 'writeKey', ...(timestamp === undefined ? [] : ['timestamp'])]
  const own = share(members, shared)
    .filter(({ name, text }) => !moved.includes(name) && text !== 'null')
    .flatMap(toOwn)
  const isRewritten = timestamp !== undefined && stated !== undefined && stated !== timestamp && original === undefined
  const itsType = type ?? text('type')
  return {
    json,
    own: isRewritten ? [...own, { name: 'originalTimestamp', text: utf8(JSON.stringify(stated)) }] : own,
    ...(id !== '' && { messageId: id }),
    ...(itsType !== undefined && { type: itsType }),
    ...(timestamp !== undefined && { timestamp }),
  }
}

function toOwn({ name, text }: Member): Member[] {
  if (['userId', 'anonymousId', 'groupId', 'previousId'].includes(name)) {
    const id = toId(text)
    if (id === undefined) return [{ name, text }]
    return id === '' ? [] : [{ name, text: utf8(JSON.stringify(id)) }]
  }
  const inner = name === '_metadata' ? toMembers(text) : undefined
  if (!inner?.some(({ name }) => name === 'retryCount')) return [{ name, text }]
  const others = inner.filter(({ name }) => name !== 'retryCount')
  return others.length > 0 ? [{ name, text: toObject(others) }] : []
}

/** What the batch says of all events, where the event does not say it. */
function share(members: readonly Member[], shared: readonly Member[]): Member[] {
  const absent = shared.filter(({ name }) => members.every((member) => member.name !== name))
  const merged = members.map((member) => {
    const common = toMembers(shared.find(({ name }) => name === member.name)?.text ?? '')
    const own = toMembers(member.text)
    if (!common || !own) return member
    const others = common.filter(({ name }) => own.every((each) => each.name !== name))
    return { name: member.name, text: toObject([...own, ...others]) }
  })
  return [...merged, ...absent]
}

const contentOf = ({ type, timestamp, own }: Read): string =>
  toObject([
    ...(type === undefined ? [] : [{ name: 'type', text: utf8(JSON.stringify(type)) }]),
    ...(timestamp === undefined ? [] : [{ name: 'timestamp', text: JSON.stringify(timestamp) }]),
    ...own,
  ])

const toObject = (members: readonly Member[]): string =>
  `{${members.map(({ name, text }) => `${utf8(JSON.stringify(name))}:${text}`).join(',')}}`

/** An id as a text: a number with all its digits, `''` for none. */
function toId(text: string | undefined): string | undefined {
  const value = text === undefined ? null : scalarOf(text)
  if (value === null) return ''
  if (typeof value === 'number') return text
  return textOf(value)
}

function toInstant(value: unknown): string | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  const text = Number.isNaN(ms) ? '' : new Date(ms).toISOString()
  return text.length === 24 ? text : undefined
}

/** Texts, brackets, commas and colons, white space, and words: numbers, names of values and whatever else. */
const TOKENS = /"(?:[^"\\]+|\\.)*(?:"|\\?$)|[{}[\],:]|[ \t\n\r]+|[^"{}[\],: \t\n\r]+/gs
const isSpace = (token: string | undefined) => token !== undefined && /^[ \t\n\r]/.test(token)
const isWord = (token: string | undefined) => token !== undefined && !/^["{}[\],: \t\n\r]/.test(token)

const tokensOf = (json: string): string[] => json.match(TOKENS) ?? []

/** Without white space, but for one between two words: without it they would be another one. */
function compact(json: string): string {
  const tokens = tokensOf(json)
  const kept = tokens.map((token, index) => {
    if (!isSpace(token)) return token
    return isWord(tokens[index - 1]) && isWord(tokens[index + 1]) ? ' ' : ''
  })
  return kept.join('')
}

/** What is between the commas of the outermost brackets, which have to be all of it. */
function split(json: string, open: '{' | '['): { parts: string[]; isWhole: boolean } {
  const tokens = tokensOf(json)
  if (tokens[0] !== open) return { parts: [], isWhole: false }
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const [index, token] of tokens.entries()) {
    if (token === '{' || token === '[') depth += 1
    if (token === '}' || token === ']') depth -= 1
    if (depth === 0) {
      if (parts.length > 0 || part !== '') parts.push(part)
      return { parts, isWhole: index === tokens.length - 1 && token === (open === '{' ? '}' : ']') }
    }
    if (token === ',' && depth === 1) {
      parts.push(part)
      part = ''
    } else if (index > 0) part += token
  }
  return { parts: [...parts, part], isWhole: false }
}

const NAME = /^("(?:[^"\\]|\\.)*"):/s

function toMember(part: string): Member | undefined {
  const [named = '', name = ''] = NAME.exec(part) ?? []
  const value = name === '' ? undefined : scalarOf(name)
  return typeof value === 'string' ? { name: value, text: part.slice(named.length) } : undefined
}

function toMembers(json: string): Member[] | undefined {
  const { parts, isWhole } = split(json, '{')
  const members = parts.map(toMember).filter((member) => member !== undefined)
  return isWhole && members.length === parts.length ? members : undefined
}

const hasTwins = (members: readonly Member[]): boolean => new Set(members.map(({ name }) => name)).size < members.length

/** A scalar, `{}` for what has members or elements, nothing for what is no JSON. */
function scalarOf(text: string): unknown {
  const bytes = latin1(text)
  if (!isUtf8(bytes)) return
  const decoded = Buffer.from(bytes).toString('utf8')
  const inner = scanJson(`{"":${decoded}}`, byteLength)?.members.get('')
  return inner?.kind === 'scalar' ? inner.value : inner && {}
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const latin1 = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'latin1'))
/** As its UTF-8 bytes, a character each. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

/** RFC 9562, 5.8: version 8, variant 10. */
function toUuid(hash: string): string {
  const digits = hash.slice(0, 32).split('')
  digits[12] = '8'
  digits[16] = ((Number.parseInt(digits[16] ?? '', 16) & 3) | 8).toString(16)
  return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** RFC 7617: what is before the colon; nothing where that is empty, or not base64. */
function userOf(authorization: string | null): string | undefined {
  const [scheme = '', credentials = '', ...more] = (authorization ?? '').split(' ').filter((word) => word !== '')
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(credentials) && credentials.replace(/=+$/, '').length % 4 !== 1
  const isPadded = !credentials.includes('=') || credentials.length % 4 === 0
  if (scheme.toLowerCase() !== 'basic' || more.length > 0 || !isBase64 || !isPadded) return
  return Buffer.from(credentials, 'base64').toString('latin1').split(':')[0] || undefined
}
