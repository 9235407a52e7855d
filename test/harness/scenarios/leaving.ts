import type { EnginePage } from '../engines/engine.ts'
import { scale } from '../scale.ts'
import type { Scenario, Stage } from './scenario.ts'

const LEAVES = 100 * scale
/** Of those that take longer. */
const SOME = 40 * scale
const CLOSES = 20 * scale
const WAYS = ['link', 'location', 'reload', 'tab'] as const

/** `tab`: a person closes it. `close`: the page closes itself. */
type Way = (typeof WAYS)[number] | 'close'

export const left: Scenario = {
  fault: `${LEAVES} leaves by link, location, reload and closing the tab, an event tracked in the same tick`,
  behaviour: `an event tracked in the tick in which the page is left is stored once and arrives once, ${LEAVES} times`,
  run: (stage) => leaveAgainAndAgain(stage),
}

export const selfClosed: Scenario = {
  fault: `${CLOSES} pages that close themselves, an event tracked in the same tick`,
  behaviour: `the same for a page that closes itself, ${CLOSES} times`,
  run: (stage) => leaveAgainAndAgain(stage, { leaves: CLOSES, ways: ['close'] }),
}

export const leftBesideBusyTab: Scenario = {
  fault: `${SOME} leaves beside a tab that writes without pause`,
  behaviour: 'the same while another tab of the site writes without pause',
  async run(stage) {
    const { ledger, openApp } = stage
    const busy = await openApp()
    await busy.evaluate((run) => {
      const page = window as Window & { markers?: string[]; stopped?: boolean }
      const markers: string[] = []
      page.markers = markers
      const writeOn = async (): Promise<void> => {
        if (page.stopped) return
        await Promise.all(
          Array.from({ length: 20 }, () => {
            const marker = `busy ${markers.length}`
            markers.push(marker)
            return window.waybill.track('Busy', { run, marker })
          }),
        )
        setTimeout(writeOn, 5)
      }
      void writeOn()
    }, ledger.run)
    await leaveAgainAndAgain(stage, { leaves: SOME })
    ledger.add(
      await busy.evaluate(() => {
        const page = window as Window & { markers?: string[]; stopped?: boolean }
        page.stopped = true
        return page.markers ?? []
      }),
    )
    await busy.close()
  },
}

export const leftInListeners: Scenario = {
  fault: `${SOME} leaves, 4 more events tracked in two \`pagehide\` listeners`,
  behaviour: 'the same for what is tracked while leaving: several events in one listener, and more in another',
  run: (stage) => leaveAgainAndAgain(stage, { leaves: SOME, listeners: [['a', 'b', 'c'], ['d']] }),
}

interface Leave {
  run: string
  marker: string
  way: Way
  next: string
  delay: number
  /** What each of a number of `pagehide` listeners tracks. */
  listeners: string[][]
}

interface Leaves {
  leaves?: number
  ways?: readonly Way[]
  listeners?: string[][]
}

/** Tracks an event in the tick in which the page is left, so many times, in each of the ways. */
async function leaveAgainAndAgain(
  { app, browser, site, ledger }: Stage,
  { leaves = LEAVES, ways = WAYS, listeners = [] }: Leaves = {},
): Promise<void> {
  const home = app()
  let page = await browser.newPage(home)
  for (let turn = 0; turn < leaves; turn += 1) {
    const way = ways[turn % ways.length] ?? 'link'
    const marker = `${way} ${turn}`
    ledger.add([marker, ...listeners.flat().map((name) => `${marker} ${name}`)])
    // Half of the navigations end on a page without the SDK, half on one that stamps what this one left behind.
    const next = `${turn % 8 < 4 ? home : `${site.plainPage}?`}&after=${turn}`
    // Later and later after the start, so that the leaves meet the flush of the start in each of its steps.
    const delay = (Math.floor(turn / ways.length) % 20) * 5
    page = await leave(page, { run: ledger.run, marker, way, next, delay, listeners })
  }
  await page.close()

  async function leave(page: EnginePage, leave: Leave): Promise<EnginePage> {
    const { way, next } = leave
    const current = await page.evaluate(whenOpen)
    if (way === 'tab') {
      await page.evaluate(setOut, leave)
      await page.close()
      return browser.newPage(home)
    }
    const gone = way === 'close' ? page.closed() : page.arrive(way === 'reload' ? current : next)
    // The page may be gone before it has answered.
    void page.evaluate(setOut, leave).catch(() => {})
    await gone
    if (way === 'close') return browser.newPage(home)
    if (way !== 'reload' && !next.startsWith(home)) await page.goto(home)
    return page
  }
}

/** Runs in the page: what is promised about this tick is promised about a store that is open. Returns where the page is. */
async function whenOpen(): Promise<string> {
  const late = new Promise((_, reject) => setTimeout(reject, 15_000, new Error('The store has not opened in 15 s')))
  await Promise.race([window.waybill.stats(), late])
  return location.href
}

/** Runs in the page. */
function setOut({ run, marker, way, next, delay, listeners }: Leave): Promise<void> {
  for (const names of listeners) {
    addEventListener('pagehide', () => {
      for (const name of names) void window.waybill.track('Left', { run, marker: `${marker} ${name}` })
    })
  }
  const link = Object.assign(document.createElement('a'), { href: next })
  document.body.append(link)
  return new Promise((resolve) =>
    setTimeout(() => {
      void window.waybill.track('Left', { run, marker })
      if (way === 'link') link.click()
      else if (way === 'location') location.href = next
      else if (way === 'reload') location.reload()
      else if (way === 'close') window.close()
      resolve()
    }, delay),
  )
}
