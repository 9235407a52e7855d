import { isStreamId } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { T0 } from '../../test/operations.ts'
import { createMint, uuid } from './uuid.ts'

const some = (bits = 0x9234abcd) => new Uint32Array([bits, bits, bits])

test('it is a version 7 UUID in lower case, with the time of its birth', () => {
  for (const bits of [0, 1, 0x9234abcd, 0xffffffff]) {
    const made = uuid(T0, 4_095, some(bits))
    expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(isStreamId(made)).toBe(true)
    expect(Number.parseInt(made.slice(0, 13).replace('-', ''), 16)).toBe(T0)
  }
})

test('a later one sorts after an earlier one', () => {
  expect(uuid(T0 + 1, 0, some(0)) > uuid(T0, 4_095, some(0xffffffff))).toBe(true)
  expect(uuid(Date.UTC(9999, 0), 0, some()) > uuid(T0, 0, some())).toBe(true)
})

test('of one millisecond, a maker’s next sorts after the one before', () => {
  const made = Array.from({ length: 4_096 }, (_, count) => uuid(T0, count, some(0xffffffff - count * 99_991)))
  expect(made.toSorted()).toEqual(made)
})

test('a maker’s own sort within a millisecond, and tell of none of another', () => {
  let now = T0
  let bits = 0
  const mint = createMint(
    () => now,
    () => {
      bits = (bits + 0x9e3779b9) >>> 0
      return some(bits)
    },
  )
  const countOf = (id: string) => Number.parseInt(id.slice(15, 18), 16)
  const made = Array.from({ length: 2_048 }, mint)
  expect(made.toSorted()).toEqual(made)
  const later = Array.from({ length: 100 }, () => {
    now++
    return countOf(mint())
  })
  const steps = later.map((count, index) => count - (later[index - 1] ?? 0))
  expect(new Set(steps).size).toBeGreaterThan(2)
  expect(Math.max(...later)).toBeLessThan(2_048)
})

test('all its random bits tell two apart', () => {
  const of = (a: number, b: number, c: number) => uuid(T0, 1, new Uint32Array([a, b, c]))
  expect(new Set([of(0, 0, 0), of(1, 0, 0), of(0, 1, 0), of(0, 0, 1), of(0, 0, 0x80000000)]).size).toBe(5)
})
