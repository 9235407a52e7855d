import { isSeq, isStreamId, type StreamId, tombstoneTypes } from '@waybill/protocol'
import type { Line, Members } from './read-line.ts'

/** Who is to be erased. */
export interface Person {
  member: 'anonymousId' | 'userId'
  id: string
}

/** Finds out in a first reading which lines are a person's, and rewrites them in a second. */
export interface Erasure {
  /** First reading: takes what stands at one place of a stream. */
  find(line: Line, file: string): void
  /** The files with a line in a stream of the person, in the order of their first one. */
  files(): string[]
  /** Second reading, of one file. */
  beginFile(): FileErasure
  /** How many streams the id appears in. */
  streams(): number
}

/** What is done to the lines of one file. */
interface FileErasure {
  /** The text of a line with what is left of the person's events, or nothing where it stays as it is. */
  rewrite(text: string): string | undefined
  /** So far: how many events were erased, how many of the same streams are of somebody else, and who the erased were. */
  readonly done: { events: number; others: number; anonymousIds: Set<string> }
}

/**
 * A stream is one person's, as `reset()` begins another. So a person's events are all those in the streams in which the id
 * appears, with what came before it was known, but for those that carry another id of the same kind: somebody has used
 * the browser who did not reset it.
 */
export function createErasure({ member, id }: Person): Erasure {
  const streams = new Set<StreamId>()
  const filesOf = new Map<StreamId, Set<string>>()

  function find(line: Line, file: string): void {
    const files = filesOf.get(line.streamId)
    if (files) files.add(file)
    else filesOf.set(line.streamId, new Set([file]))
    if (line.kind === 'event' && line.members[member] === id) streams.add(line.streamId)
  }

  function erase(value: unknown, done: FileErasure['done']): Members | undefined {
    if (typeof value !== 'object' || value === null) return
    const event = value as Members
    const { streamId, seq, messageId, type, received, anonymousId } = event
    if (!isStreamId(streamId) || !isSeq(seq) || !streams.has(streamId)) return
    if (typeof type !== 'string' || tombstoneTypes.some((each) => each === type)) return
    const own = event[member]
    if (own !== undefined && own !== id) {
      done.others++
      return
    }
    done.events++
    if (typeof anonymousId === 'string') done.anonymousIds.add(anonymousId)
    return { streamId, seq, type: 'rejected', reason: 'erased', messageId, received: toReceived(received) }
  }

  function rewrite(text: string, done: FileErasure['done']): string | undefined {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return
    }
    if (!Array.isArray(value)) {
      const erased = erase(value, done)
      return erased && JSON.stringify(erased)
    }
    const before = done.events
    const lines = value.map((each) => erase(each, done) ?? each)
    return done.events > before ? JSON.stringify(lines) : undefined
  }

  return {
    find,
    files: () => [...new Set([...streams].flatMap((streamId) => [...(filesOf.get(streamId) ?? [])]))],
    beginFile() {
      const done = { events: 0, others: 0, anonymousIds: new Set<string>() }
      return { done, rewrite: (text) => rewrite(text, done) }
    },
    streams: () => streams.size,
  }
}

/** Where the event came is what the audit needs; what else the collector knew of the sender goes. */
function toReceived(received: unknown): Members | undefined {
  if (typeof received !== 'object' || received === null) return
  const { at, batchId } = received as Members
  return { at, batchId }
}
