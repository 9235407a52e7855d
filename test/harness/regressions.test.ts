import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { findRegressions as findInCollector, toFloor } from '../bench/collector/short.ts'
import { findRegressions } from '../bench/page/find-regressions.ts'
import type { PageResults, PeerResults } from '../bench/page/page-results.ts'
import { tellRegressions } from '../bench/tell-regressions.ts'

/** A peer whose main thread took so many times Waybill's. */
const peer = (median: number, low = median, high = median) =>
  ({ ratios: { mainThread: { median, low, high } } }) as PeerResults

const kept = { peers: { snowplow: peer(2, 1.8, 2.4), rudderstack: peer(4, 2, 6) } } as unknown as PageResults

test('what is within the noise of the kept rounds is no regression', () => {
  expect(findRegressions({ snowplow: peer(1.4), rudderstack: peer(4) }, kept)).toEqual([])
})

test('a ratio beyond the noise to the steadiest peer is one', () => {
  expect(findRegressions({ snowplow: peer(1.3), rudderstack: peer(4) }, kept)).toEqual([
    { words: expect.stringMatching(/^mainThread: snowplow /), isOfCpu: true },
  ])
})

test('one round that is as good as before is enough', () => {
  expect(findRegressions({ snowplow: peer(1, 0.9, 2), rudderstack: peer(4) }, kept)).toEqual([])
})

test('a peer whose ratio was not steady says nothing beside one whose was', () => {
  expect(findRegressions({ snowplow: peer(2), rudderstack: peer(0.1) }, kept)).toEqual([])
})

test('rounds that were alike are still taken for noisy', () => {
  const steady = { peers: { snowplow: peer(2) } } as unknown as PageResults
  expect(findRegressions({ snowplow: peer(1.85) }, steady)).toEqual([])
  expect(findRegressions({ snowplow: peer(1.8) }, steady)).toHaveLength(1)
})

describe('of the collector', () => {
  const short = (least: number, median: number, most: number) => ({ shares: [], share: { least, median, most } })
  const before = { node: short(0.24, 0.3, 0.36), workerd: short(0.2, 0.2, 0.2) }

  test('a share beyond the least by the noise once more is the least that is none', () => {
    expect(toFloor(before.node)).toBe(0.16)
    expect(findInCollector({ node: 0.16, workerd: 0.2 }, before)).toEqual([])
  })

  test('repeats that were alike are still taken for noisy', () => {
    expect(toFloor(before.workerd)).toBe(0.174)
  })

  test('a share below it is one, in either runtime', () => {
    expect(findInCollector({ node: 0.159, workerd: 0.2 }, before)).toEqual([expect.stringMatching(/in node: 0.159 /)])
    expect(findInCollector({ node: 0.3, workerd: 0.173 }, before)).toEqual([
      expect.stringMatching(/in workerd: 0.173 /),
    ])
  })
})

describe('a regression', () => {
  const cpu = { cpu: 'this one', keptCpu: 'this one' }
  const exitCode = process.exitCode
  beforeEach(() => {
    vi.spyOn(console, 'error').mockReturnValue()
    vi.spyOn(console, 'log').mockReturnValue()
    process.exitCode = undefined
  })
  afterEach(() => {
    process.exitCode = exitCode
    vi.restoreAllMocks()
  })

  test('makes the command fail', () => {
    tellRegressions([{ words: 'slower', isOfCpu: true }], cpu)
    expect(process.exitCode).toBe(1)
    expect(console.error).toHaveBeenCalledExactlyOnceWith('slower')
  })

  test('is told and no more where what is kept was measured on another CPU', () => {
    tellRegressions([{ words: 'slower', isOfCpu: true }], { ...cpu, keptCpu: 'another' })
    expect(process.exitCode).toBeUndefined()
    expect(console.error).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^slower; .* this one, .* another$/))
  })

  test('makes it fail there as well where no CPU makes a difference', () => {
    tellRegressions([{ words: 'larger', isOfCpu: false }], { ...cpu, keptCpu: 'another' })
    expect(process.exitCode).toBe(1)
  })

  test('of nothing is none', () => {
    tellRegressions([], cpu)
    expect(process.exitCode).toBeUndefined()
  })
})
