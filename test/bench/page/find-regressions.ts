import type { Figure, PageResults } from './page-results.ts'
import type { PeerName } from './peers.ts'

/** What has a ratio that says something after two rounds. */
const watched: readonly Figure[] = ['mainThread', 'script', 'startUp', 'heap', 'bytes']

/**
 * The figures by which Waybill has become slower than it was when the kept results were measured. The noise of a ratio is
 * what its rounds differed by then, `high / low`. A regression is one whose best round is beyond the worst that was kept
 * by that noise once more, and that against each of the peers: what slows one of them down is none of ours.
 */
export function findRegressions(now: PageResults['peers'], kept: PageResults): string[] {
  const others = (Object.keys(now) as PeerName[]).filter((name) => name !== 'waybill')
  return watched.flatMap((figure) => {
    const all = others.map((name) => {
      const [ratio, before] = [now[name]?.ratios?.[figure], kept.peers[name]?.ratios?.[figure]]
      if (!ratio || !before) return { slower: false, words: '' }
      // Times Waybill's: the lower, the worse for Waybill.
      const least = before.low / (before.high / before.low)
      const words = `${name} took ${ratio.high} times Waybill's at best, ${before.median} when kept, at least ${least.toPrecision(3)} with its noise`
      return { slower: ratio.high < least, words }
    })
    return all.length > 0 && all.every(({ slower }) => slower)
      ? [`${figure}: ${all.map(({ words }) => words).join('; ')}`]
      : []
  })
}
