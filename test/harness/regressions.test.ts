import { expect, test } from 'vitest'
import { findRegressions } from '../bench/page/find-regressions.ts'
import type { PageResults, PeerResults } from '../bench/page/page-results.ts'

/** A peer whose main thread took so many times Waybill's. */
const peer = (median: number, low = median, high = median) =>
  ({ ratios: { mainThread: { median, low, high } } }) as PeerResults

const kept = { peers: { snowplow: peer(2, 1.8, 2.4), rudderstack: peer(4, 2, 6) } } as unknown as PageResults

test('what is within the noise of the kept rounds is no regression', () => {
  expect(findRegressions({ snowplow: peer(1.4), rudderstack: peer(4) }, kept)).toEqual([])
})

test('a ratio beyond the noise to the steadiest peer is one', () => {
  expect(findRegressions({ snowplow: peer(1.3), rudderstack: peer(4) }, kept)).toEqual([
    expect.stringMatching(/^mainThread: snowplow /),
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
