import { expect, test } from 'vitest'
import { bombOf, gzip } from '../../test/gzip.ts'
import { inflateContract } from '../../test/inflate-contract.ts'
import { concat } from './bytes.ts'
import { inflate } from './inflate.ts'

inflateContract('the streaming inflater', inflate)

test('a bomb is left long before its end: no more of it is pulled than fills the cap and the buffers on the way', async () => {
  const bomb = concat(new Array(16).fill(await bombOf(16)))
  let pulled = 0
  bomb.subarray = (from, to = bomb.length) => {
    pulled = Math.max(pulled, to)
    return bomb.slice(from, to)
  }
  const inflated = await inflate(bomb, 524_288)
  expect(inflated).toMatchObject({ ok: true, value: { whole: false } })
  expect(inflated.ok && inflated.value.bytes.length).toBe(524_288)
  // An inflater that was not told to stop would go on while this one does its work.
  await inflate(await gzip('0123456789'.repeat(200_000)), 4_000_000)
  expect(pulled).toBeGreaterThan(0)
  // Node keeps up to 64 KiB that it has not inflated yet.
  expect(pulled).toBeLessThan(bomb.length / 2)
})
