import type { BatchLog, SinkOutcome } from './batch-log.ts'

/** A batch in one line for people: when, which, how much, who has it, how it was answered and how fast. */
export function toLogLine({
  at,
  status,
  ms,
  code,
  detail,
  batchId,
  events,
  tombstones,
  rejected,
  bytes,
  remembered,
  receipt,
  rateLimiter,
  sinks,
}: BatchLog): string {
  const counts = [
    count(events, 'event'),
    ...(tombstones > 0 ? [count(tombstones, 'tombstone')] : []),
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
  ]
  return [
    at.slice(11, 19),
    ...(batchId === undefined ? [] : [batchId.replace(/^(.{8})[^:]*/, '$1…')]),
    // What went wrong at a sink is said there.
    ...(sinks.length > 0 ? [counts.join(', '), toSize(bytes), sinks.map(toOutcome).join('  ')] : []),
    ...(remembered === 'done' ? ['recorded before'] : []),
    ...(receipt === undefined ? [] : [`receipt ignored: ${receipt}`]),
    ...(rateLimiter === undefined ? [] : [`not counted, and let in: ${rateLimiter}`]),
    String(status),
    ...(code === undefined ? [] : [code]),
    ...(detail === undefined || sinks.length > 0 ? [] : [detail]),
    ...(ms === undefined ? [] : [`${ms} ms`]),
  ].join('  ')
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

const toSize = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`)

const toOutcome = ({ name, taken, skipped, refused = [], detail }: SinkOutcome): string =>
  [
    name,
    taken ? '✓' : `✗ ${detail}`,
    ...(skipped ? ['(by receipt)'] : []),
    ...(refused.length > 0 ? [`(refused seq ${refused.join(', ')})`] : []),
  ].join(' ')
