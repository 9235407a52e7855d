import { expect, test } from 'vitest'
import type { BatchLog } from './batch-log.ts'
import { toLogLine } from './to-log-line.ts'

const nothing = { events: 0, tombstones: 0, rejected: 0, bytes: 0, sinks: [] }
const batchId = '0192d0c0-0000-7000-8000-000000000001:1-20' as NonNullable<BatchLog['batchId']>

test('a recorded batch: which, how much, who has it, and how fast', () => {
  const sinks = [{ name: 'r2', taken: true }]
  const entry = {
    ...nothing,
    at: '2026-11-22T10:00:00.000Z',
    status: 200,
    ms: 12,
    batchId,
    events: 20,
    bytes: 3174,
    sinks,
  }
  expect(toLogLine(entry)).toBe('10:00:00  0192d0c0…:1-20  20 events  3.1 KB  r2 ✓  200  12 ms')
})

test('a batch that one sink did not take, with tombstones and rejected events in it', () => {
  const entry: BatchLog = {
    at: '2026-11-22T10:00:00.000Z',
    status: 503,
    ms: 10_000,
    code: 'sink_unavailable',
    detail: 'Present the same batch again.',
    batchId,
    events: 1,
    tombstones: 2,
    rejected: 3,
    bytes: 900,
    sinks: [
      { name: 'r2', taken: true },
      { name: 'webhook', taken: false, detail: 'answered 500' },
    ],
  }
  expect(toLogLine(entry)).toBe(
    '10:00:00  0192d0c0…:1-20  1 event, 2 tombstones, 3 rejected  900 B  r2 ✓  webhook ✗ answered 500  503  sink_unavailable  10000 ms',
  )
})

test('a sink that refused events is said to have taken the batch, and which events it refused', () => {
  const sinks = [{ name: 'webhook', taken: true, refused: [2, 4] }]
  const entry = { ...nothing, at: '2026-11-22T10:00:00.000Z', status: 200, ms: 9, batchId, events: 5, bytes: 90, sinks }
  expect(toLogLine(entry)).toBe('10:00:00  0192d0c0…:1-20  5 events  90 B  webhook ✓ (refused seq 2, 4)  200  9 ms')
})

test('a batch of which a sink had a receipt, and one whose receipt was no good', () => {
  const at = '2026-11-22T10:00:00.000Z'
  const sinks = [{ name: 'r2', taken: true, skipped: true as const }]
  const entry = { ...nothing, at, status: 200, ms: 9, batchId, events: 5, bytes: 90, sinks }
  expect(toLogLine(entry)).toBe('10:00:00  0192d0c0…:1-20  5 events  90 B  r2 ✓ (by receipt)  200  9 ms')
  const ignored = { ...entry, sinks: [{ name: 'r2', taken: true }], receipt: 'expired' as const }
  expect(toLogLine(ignored)).toBe('10:00:00  0192d0c0…:1-20  5 events  90 B  r2 ✓  receipt ignored: expired  200  9 ms')
})

test('a request that the rate limiter could not count', () => {
  const entry = { ...nothing, at: '2026-11-22T10:00:00.000Z', status: 200, rateLimiter: 'Error: down' }
  expect(toLogLine(entry)).toBe('10:00:00  not counted, and let in: Error: down  200')
})

test('a batch that was recorded before, and was handed to no sink', () => {
  const at = '2026-11-22T10:00:00.000Z'
  const entry = { ...nothing, at, status: 200, ms: 9, batchId, events: 5, bytes: 90, remembered: 'done' as const }
  expect(toLogLine(entry)).toBe('10:00:00  0192d0c0…:1-20  recorded before  200  9 ms')
})

test('a refusal: its code, and what to do', () => {
  const refused = { code: 'unknown_key', detail: 'Compare the keys.' } as const
  const entry = { ...nothing, at: '2026-11-22T10:00:00.000Z', status: 401, ms: 1, ...refused }
  expect(toLogLine(entry)).toBe('10:00:00  401  unknown_key  Compare the keys.  1 ms')
})
