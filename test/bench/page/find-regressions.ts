import type { Regression } from '../tell-regressions.ts'
import type { Figure, PageResults } from './page-results.ts'
import type { PeerName } from './peers.ts'
import type { Spread } from './spread.ts'

/** What has a ratio that says something after two rounds. */
const watched: readonly Figure[] = ['mainThread', 'script', 'startUp', 'heap', 'bytes']

/** What is the same on every machine. */
const countable: readonly Figure[] = ['bytes']

/** No ratio is taken for steadier than this, however alike its rounds were. */
const LEAST_NOISE = 1.1

/** What the rounds of a ratio differed by. */
const noiseOf = ({ low, high }: Spread): number => Math.max(LEAST_NOISE, high / low)

/**
 * The figures by which Waybill has become slower than it was when the kept results were measured, in ratios to the peer
 * whose own was the steadiest then. A regression is one whose best round is beyond the worst that was kept by the noise
 * once more.
 */
export function findRegressions(now: PageResults['peers'], kept: PageResults): Regression[] {
  const others = (Object.keys(now) as PeerName[]).filter((name) => name !== 'waybill')
  return watched.flatMap((figure) => {
    const [steadiest] = others
      .flatMap((name) => {
        const [ratio, before] = [now[name]?.ratios?.[figure], kept.peers[name]?.ratios?.[figure]]
        return ratio && before ? [{ name, ratio, before }] : []
      })
      .toSorted((a, b) => noiseOf(a.before) - noiseOf(b.before))
    if (!steadiest) return []
    const { name, ratio, before } = steadiest
    // Times Waybill's: the lower, the worse for Waybill.
    const least = before.low / noiseOf(before)
    if (ratio.high >= least) return []
    const words = `${name} took ${ratio.high} times Waybill's at best, where ${before.median} is kept and ${least.toPrecision(3)} is within the noise`
    return [{ words: `${figure}: ${words}`, isOfCpu: !countable.includes(figure) }]
  })
}
