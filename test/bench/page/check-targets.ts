import type { Figure, PageResults } from './page-results.ts'
import { type PeerName, storesEvents } from './peers.ts'

/** What Waybill is to reach, and whether it did, in words. */
export function toTargets({ peers, backlog }: PageResults): string[] {
  const others = (Object.keys(peers) as PeerName[]).filter((name) => name !== 'waybill' && peers[name]?.figures)
  const stored = others.filter(storesEvents)
  const value = (name: PeerName, figure: Figure) => peers[name]?.figures?.[figure].median ?? Number.NaN
  const best = (names: readonly PeerName[], figure: Figure) =>
    names.toSorted((a, b) => value(a, figure) - value(b, figure))[0] ?? 'waybill'

  const compare = (words: string, names: readonly PeerName[], figure: Figure) => {
    const first = best(names, figure)
    const [own, other] = [value('waybill', figure), value(first, figure)]
    return `${own <= other ? 'Reached' : 'MISSED'}: ${words}: ${own}, ${first} ${other}`
  }
  const longest = [value('waybill', 'longTasksByCpu'), backlog.longTasksByCpu.median]
  return [
    compare('least main-thread time for each event of those that store events on the device, ms', stored, 'mainThread'),
    compare('`track` p99 no slower than the fastest of those, ms', stored, 'trackP99'),
    compare('fewest bytes for each event of all', others, 'bytes'),
    `${longest.every((count) => count === 0) ? 'Reached' : 'MISSED'}: no task with more than 50 ms of CPU time: ${longest[0]}, with 10,000 events waiting ${longest[1]}`,
  ]
}
