import type { StreamId } from '@waybill/protocol'
import { compareRepeats } from './compare-repeats.ts'
import { createDigestLog, type Run, type Spool } from './digest-log.ts'
import { type ObjectKey, parseObjectKey } from './parse-object-key.ts'
import { addRange } from './ranges.ts'
import { createLineReader, type Line, type LineFault } from './read-line.ts'
import { createRemarks } from './remarks.ts'
import type { AuditReport, Fork, Remark } from './report.ts'
import { emptyTally, type LinePosition, type StreamTally, tally } from './stream-tally.ts'
import { toReport } from './to-report.ts'

/** Folds what a sink holds, line by line, into what there is to say about its completeness. */
export interface Audit {
  /** All lines up to the next call are of this file. */
  beginFile(path: string): void
  /** Takes one line of text, without its end; `number` counts from 1. Empty lines are passed over. */
  addLine(text: string, number: number): void
  /** Takes what could not be read as a line. */
  addRemark(remark: Remark): void
  /** How many lines that are not empty were added so far. */
  readonly lines: number
  /** Says what was found; to be called once, after the last line. `bytes`: how many were read. */
  report(bytes: number): AuditReport
}

export interface AuditParts {
  /** Keeps 8 bytes for each event until the end. */
  spool: Spool
  /** 8 characters of one byte each: the beginning of the text's SHA-256. */
  digest: (text: string) => string
}

export function createAudit({ spool, digest }: AuditParts): Audit {
  const readLine = createLineReader()
  const log = createDigestLog(spool)
  const remarks = createRemarks()
  const streams = new Map<StreamId, StreamTally>()
  const files: string[] = []
  let file = ''
  let key: ObjectKey | undefined
  let isMisplaced = false
  let lines = 0

  function streamOf(streamId: StreamId): StreamTally {
    let stream = streams.get(streamId)
    if (!stream) {
      stream = emptyTally(streams.size, streamId)
      streams.set(streamId, stream)
    }
    return stream
  }

  function add(line: Line, position: LinePosition, step: Run['step']): void {
    const stream = streamOf(line.streamId)
    if (key) checkPlace(key, line, position)
    tally(stream, line, position)
    const { seq, through, kind, delivery } = line
    const run: Run = {
      stream: stream.index,
      kind,
      first: seq,
      last: through,
      file: files.length - 1,
      line: position.line,
      step,
      batchFirst: delivery?.first ?? 0,
      batchLast: delivery?.last ?? 0,
    }
    log.append(run, digest(line.kind === 'event' ? line.text : `${kind}: ${line.reason}`))
  }

  function addFault({ kind, detail, claimed }: LineFault, line: number): void {
    remarks.add({ kind, file, line, detail })
    if (claimed) addRange(streamOf(claimed.streamId).claimed, claimed.first, claimed.last, undefined)
  }

  function checkPlace({ streamId, first, last }: ObjectKey, line: Line, { line: number }: LinePosition): void {
    if (isMisplaced || (line.streamId === streamId && line.seq >= first && line.through <= last)) return
    isMisplaced = true
    const detail = `The object is called ${streamId}:${first}-${last} and holds seq ${line.seq} of ${line.streamId}.`
    remarks.add({ kind: 'misplaced', file, line: number, detail })
  }

  return {
    get lines() {
      return lines
    },
    beginFile(path) {
      file = path
      files.push(path)
      isMisplaced = false
      key = parseObjectKey(path)
      if (!key) return
      const stream = streamOf(key.streamId)
      if (!stream.keys.includes(key.keyId)) stream.keys.push(key.keyId)
      // The name says what was written, even if nothing of it is left.
      addRange(stream.claimed, key.first, key.last, undefined)
      if (key.isFork) stream.forks.push(toObjectFork(key, path))
    },
    addLine(text, number) {
      if (text.trim() === '') return
      lines++
      const position = { file, line: number, isObject: key !== undefined }
      const read = readLine(text)
      const step = text.trimStart().startsWith('[') ? 0 : 1
      for (const line of read) {
        if ('detail' in line) addFault(line, number)
        else add(line, position, step)
      }
    },
    addRemark: remarks.add,
    report(bytes) {
      const input = { files, bytes, lines, remarks }
      return toReport([...streams.values()], compareRepeats(streams.values(), log.read), input)
    },
  }
}

const toObjectFork = ({ first, last }: ObjectKey, file: string): Fork => ({
  first,
  last,
  kind: 'object',
  positions: [{ file }],
  detail: 'the collector has put it beside the object of the same batch, since its bytes are others',
})
