import { expect, test, vi } from 'vitest'
import { createRandom, turn } from '../test/parts.ts'
import { openBrowser } from '../test/tabs.ts'

const HISTORIES = 500
const ACTS = 25

interface Called {
  event: string
  tab: number
  /** The tab's own `reset()`s before it. */
  resets: number
}

/** What a person does in two tabs, and what becomes of these, while the store keeps everybody waiting. */
async function live(seed: number) {
  const random = createRandom(seed)
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item
  const hold = async () => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await turn()
  }
  const { openTab, tick, pass, events } = openBrowser('granted', { tellsState: random() < 0.5 })
  const spans: { end: () => unknown }[] = []
  const called: Called[] = []
  const results: Promise<unknown>[] = []
  const tabs = [0, 1].map((index) => {
    const tab = openTab(random() < 0.3 ? { beforeSend: (event) => event } : {})
    // Each page's transactions begin in the order in which they were asked for.
    let begun: Promise<void> = Promise.resolve()
    tab.disk.beforeBegin = () => {
      begun = begun.then(hold)
      return begun
    }
    tab.disk.beforeCommit = hold
    tab.disk.afterDone = turn
    const track = (event: string) => {
      called.push({ event, tab: index, resets })
      results.push(tab.track(event))
    }
    let resets = 0
    let isAway = false
    const run = () => {
      tab.run()
      isAway = false
    }
    const acts: (() => unknown)[] = [
      ...Array.from({ length: 3 }, () => () => track(`${called.length}`)),
      () => {
        resets++
        results.push(tab.reset())
      },
      () => tab.state(),
      () => spans.push(tab.start(pick(['Search', 'Checkout']))),
      () => spans.length > 0 && pick(spans).end(),
      () => {
        tab.leave()
        isAway = true
      },
      async () => {
        tab.maybeLeave()
        await pass(1)
      },
      run,
    ]
    return {
      act() {
        if (isAway) run()
        return pick(acts)()
      },
      run,
      track,
      close: tab.close,
    }
  })
  for (let act = 0; act < ACTS; act++) {
    tick(2)
    const chance = random()
    if (chance < 0.1) await pass(pick([10, 6_000, 40_000]))
    else if (chance < 0.2) for (let turns = 0; turns < 3; turns++) await turn()
    else await pick(tabs).act()
  }
  for (const tab of tabs) tab.run()
  await pass(35_000)
  await Promise.all(results)
  for (const tab of tabs) tab.track(`${called.length}`)
  await Promise.all(results)
  for (const tab of tabs) tab.close()
  return { called, lines: await events() }
}

test('two tabs link no two people, and lose, repeat and turn round nothing, whatever happens in them', async () => {
  vi.stubGlobal('setTimeout', setImmediate) // One queue, so that a history is always the same; and no ms is waited for.
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { called, lines } = await live(seed)
    const tracked = lines.filter(({ event = '' }) => /\d/.test(event))
    const names = called.map(({ event }) => event)
    expect([seed, tracked.map(({ event }) => event).sort()]).toEqual([seed, names.sort()])

    const clocks = Map.groupBy(lines, ({ boot }) => boot).values()
    const linked = [...clocks].filter((own) => new Set(own.map(({ anonymousId }) => anonymousId)).size > 1)
    expect([seed, linked]).toEqual([seed, []])

    for (const tab of [0, 1]) {
      const own = called.filter((call) => call.tab === tab)
      const found = own.map(({ event, resets }) => ({ resets, ...tracked.find((line) => line.event === event) }))
      const people = [...Map.groupBy(found, ({ anonymousId }) => anonymousId).values()]
      const relapsed = people.filter((events) => new Set(events.map(({ resets }) => resets)).size > 1)
      expect([seed, relapsed]).toEqual([seed, []])
      for (const stream of Map.groupBy(found, ({ streamId }) => streamId).values()) {
        const seqs = stream.map(({ seq = 0 }) => seq)
        expect([seed, seqs]).toEqual([seed, seqs.toSorted((a, b) => a - b)])
      }
    }
  }
}, 60_000)
