import { compareKeys, type Key } from './compare-keys.ts'
import type { Range } from './key-range.ts'

/** Nobody changes an entry or its value: copies of the disk share them. */
export interface Entry {
  readonly key: Key
  readonly value: unknown
  /** In bytes, once somebody asked. */
  size?: number
}

/** One step of a transaction, so that it can be taken back. */
export interface Change {
  readonly records: Records
  readonly before: Entry | undefined
  readonly after: Entry | undefined
}

/** The entries of one object store, in key order. */
export interface Records {
  entries: Entry[]
}

const sizeOf = (entry: Entry | undefined): number => {
  if (!entry) return 0
  entry.size ??= JSON.stringify([entry.key, entry.value]).length
  return entry.size
}

/** The first index whose key is not below `key`, or with `beyond`, the first whose key is above it. */
function search(entries: Entry[], key: Key, beyond = false): number {
  const isBefore = (entry: Entry) => {
    const order = compareKeys(entry.key, key)
    return order < 0 || (beyond && order === 0)
  }
  let high = entries.length
  // Most of what is written comes last.
  if (high === 0 || isBefore(entries[high - 1] as Entry)) return high
  let low = 0
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(entries[middle] as Entry)) low = middle + 1
    else high = middle
  }
  return low
}

function bounds({ entries }: Records, { lower, upper }: Range): [from: number, to: number] {
  const from = lower === undefined ? 0 : search(entries, lower)
  const to = upper === undefined ? entries.length : search(entries, upper, true)
  return [from, Math.max(from, to)]
}

export function select(records: Records, range: Range, limit = 0): Entry[] {
  const [from, to] = bounds(records, range)
  return records.entries.slice(from, limit > 0 ? Math.min(to, from + limit) : to)
}

export function count(records: Records, range: Range): number {
  const [from, to] = bounds(records, range)
  return to - from
}

export function find({ entries }: Records, key: Key): Entry | undefined {
  const entry = entries[search(entries, key)]
  return entry && compareKeys(entry.key, key) === 0 ? entry : undefined
}

export function put(records: Records, after: Entry): Change {
  const { entries } = records
  const index = search(entries, after.key)
  const there = entries[index]
  const before = there && compareKeys(there.key, after.key) === 0 ? there : undefined
  entries.splice(index, before ? 1 : 0, after)
  return { records, before, after }
}

export function remove(records: Records, range: Range): Change[] {
  const [from, to] = bounds(records, range)
  return records.entries.splice(from, to - from).map((before) => ({ records, before, after: undefined }))
}

function revert(entries: Entry[], { before, after }: Change): void {
  const { key } = (before ?? after) as Entry
  entries.splice(search(entries, key), after ? 1 : 0, ...(before ? [before] : []))
}

export function undo(changes: readonly Change[]): void {
  for (const change of changes.toReversed()) revert(change.records.entries, change)
}

/** The entries as they are without some changes; nothing is undone. */
export function entriesWithout(records: Records, changes: readonly Change[]): Entry[] {
  const entries = [...records.entries]
  for (const change of changes.toReversed()) if (change.records === records) revert(entries, change)
  return entries
}

/** By how many bytes the disk has grown. */
export const growth = (changes: readonly Change[]): number =>
  changes.reduce((sum, { before, after }) => sum + sizeOf(after) - sizeOf(before), 0)

export const usage = ({ entries }: Records): number => entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
