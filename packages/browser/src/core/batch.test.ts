import { limits, parseHeader } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { createMint, environment, MINUTE, T0, tracked } from '../../test/operations.ts'
import { composeBatch } from './batch.ts'
import { cutNext } from './cut.ts'
import { type Cut, emptyDelivery } from './records.ts'
import { stamp } from './stamp.ts'

const sdk = '@waybill/browser/0.1.0'

const { lines } = stamp(
  undefined,
  emptyDelivery,
  [{ operations: [tracked('a'), tracked('naïve ✓'), tracked('c\n')] }],
  environment({ mint: createMint() }),
)
const texts = lines.map(({ text }) => text)
const { cut } = cutNext(
  lines.map(({ key, text }) => [key, text] as const),
  T0,
  limits,
) as { cut: Cut }

test('a batch begins with a header that the protocol understands', () => {
  const [header = ''] = composeBatch({ ...cut, attempt: 1 }, texts, sdk, T0 + MINUTE).split('\n')
  expect(parseHeader(header)).toEqual({
    ok: true,
    value: {
      v: 1,
      batchId: `${cut.streamId}:1-3`,
      streamId: cut.streamId,
      first: 1,
      last: 3,
      cutAt: '2026-11-22T10:00:00.000Z',
      sdk,
      sentAt: '2026-11-22T10:01:00.000Z',
      attempt: 1,
    },
  })
})

test('a receipt travels in the header, and the stream’s number does not', () => {
  const [header = ''] = composeBatch({ ...cut, attempt: 2, receipt: 'r1' }, texts, sdk, T0).split('\n')
  expect(parseHeader(header)).toMatchObject({ ok: true, value: { receipt: 'r1', attempt: 2 } })
  expect(JSON.parse(header)).not.toHaveProperty('number')
})

test('after the header come the lines as they are stored, each with its line feed', () => {
  const text = composeBatch({ ...cut, attempt: 1 }, texts, sdk, T0)
  expect(text.slice(text.indexOf('\n') + 1)).toBe(texts.map((line) => `${line}\n`).join(''))
})

test('what follows the header is the same on every repeat', () => {
  const repeats = [1, 2, 900].map((attempt) =>
    composeBatch({ ...cut, attempt, receipt: attempt > 1 ? 'r' : undefined }, texts, sdk, T0 + attempt * MINUTE),
  )
  expect(new Set(repeats.map((text) => text.slice(text.indexOf('\n')))).size).toBe(1)
  expect(new Set(repeats).size).toBe(3)
})
