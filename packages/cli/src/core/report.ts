import type { StreamId } from '@waybill/protocol'
import type { Repeats } from './compare-repeats.ts'
import type { LineFault } from './read-line.ts'

/** Where something was read. */
export interface Position {
  /** The path as it was given or found; `-` is standard input. */
  file: string
  /** From 1; a member of a JSON array has the line of the array. Absent where it is about the whole file. */
  line?: number
}

/** Why seqs have no event: the tombstone's type and reason, `shed: cap`. */
export type Explanation = `${'shed' | 'rejected'}: ${string}`

/** Seqs from `first` to `last`, both included. */
interface Seqs {
  first: number
  last: number
}

/**
 * Seqs that neither an event nor a tombstone stands for. `line`: their batch has come, without them; somebody has lost
 * them on this side of the collector. `batch`: no batch that says it holds them has come.
 */
export interface Missing extends Seqs {
  kind: 'line' | 'batch'
}

/**
 * Seqs with two contents: the stream was rolled back and went on differently, or somebody wrote in the data. `content`:
 * two events, or an event and a shed tombstone. `reason`: two tombstones. `object`: the collector has put a batch beside another
 * one of the same id, and nothing was found here that says why, for instance because the other object is not.
 */
export interface Fork extends Seqs {
  kind: 'content' | 'reason' | 'object'
  /** Where each of them begins, as far as it is known: the one that came first, and the one that differs. */
  positions: Position[]
  detail: string
}

/** What is wrong with the input, or odd. Nothing of it stops the audit. */
export interface Remark extends Position {
  /** The last line of those that follow each other with the same remark. */
  through?: number
  kind:
    | LineFault['kind']
    | 'not_utf8'
    | 'too_long'
    | 'cut_off'
    | 'gzip_broken'
    | 'unreadable'
    | 'skipped'
    | 'misplaced'
    | 'bom'
    | 'crlf'
  detail: string
}

/** How long something took, or by how much clocks differ, in ms. Percentiles are off by 2 % at most. */
export interface Distribution {
  min: number
  p50: number
  p95: number
  p99: number
  max: number
}

export interface StreamReport {
  streamId: StreamId
  /** The sites that its objects lie below. More than one: the write key was changed, or a folder moved. */
  keys: string[]
  /** The first and last seq that there is something for. */
  first: number
  last: number
  /** How many seqs there is an event for. */
  events: number
  /** Gaps that say why, by type and reason. */
  explained: (Seqs & { explanation: Explanation })[]
  /**
   * Gaps that don't, up to the last seq that any line, batch id or object name mentions. Where a line is not of its own batch id,
   * neither counts: the verdict is never `complete` then.
   */
  missing: Missing[]
  forks: Fork[]
  repeats: Repeats
  /** How many seqs one delivery rejected and another holds. They count as events. */
  rejectedAndHeld: number
  /**
   * What came, for the first time, after a later one; in an object store, by the collector's clock, what came before an earlier
   * one as well. `first` is where that was seen first.
   */
  late: { batches: number; lines: number; first?: Position }
  /** `received.at` less `timestamp`, by the two clocks, each event once. */
  lagMs?: Distribution
  /** The collector's clock less the device's, with the time on the way. */
  skewMs?: { min: number; max: number }
}

/** What all streams make together. */
export interface Totals {
  files: number
  /** As they lie on the disk, before inflation. */
  bytes: number
  /** Lines that are not empty. */
  lines: number
  streams: number
  events: number
  /** Seqs that a tombstone stands for, and no event. */
  shed: number
  rejected: number
  /** Seqs without an explanation. */
  missing: number
  repeats: Repeats
  lateBatches: number
  lateLines: number
  /** How many streams are forked. */
  forked: number
  /** Remarks by kind, counted in lines or files. */
  remarks: Partial<Record<Remark['kind'], number>>
}

/** What an audit found. `waybill audit --json` prints it as it is. */
export interface AuditReport {
  /**
   * `complete`: all that was given could be read, each stream holds every seq from 1 to its last or says why not, and none is
   * forked. `incomplete`: a gap without an explanation, or a fork. `unreadable`: neither, and yet not all could be read.
   * `empty`: no line and no object's name is of a stream, so that nothing is proved.
   */
  verdict: 'complete' | 'incomplete' | 'unreadable' | 'empty'
  totals: Totals
  lagMs?: Distribution
  skewMs?: { min: number; max: number }
  /** In the order of their first lines. */
  streams: StreamReport[]
  /** The first 1,000; `totals.remarks` has counted all. */
  remarks: Remark[]
}

/** What the input holds that could have been a line of a stream. */
export const unreadableKinds: ReadonlySet<Remark['kind']> = new Set([
  'not_json',
  'damaged',
  'contradictory',
  'not_utf8',
  'too_long',
  'cut_off',
  'gzip_broken',
  'unreadable',
])
