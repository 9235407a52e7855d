import { randomBytes } from 'node:crypto'
import type { WaybillOptions } from '@waybill/browser'
import type { Page } from 'playwright'
import type { Browser } from './browser.ts'
import { startedUp } from './client.ts'
import type { ReleaseName } from './releases.ts'
import type { Site } from './site.ts'

declare global {
  interface Window {
    /** The codes of the errors that the app was told of. */
    told: string[]
  }
}

export interface TabOptions extends Partial<WaybillOptions> {
  /** The device's clock at the start; without it the page has this machine's, which nobody can turn. */
  clock?: Date | number
  /** What stands in for chance, from 0 to 1: the share of the longest back-off that is waited. Default 0.1. */
  chance?: number
  /** What the page finds before any script of its own has run. */
  prepare?: (page: Page) => Promise<unknown>
  /** Default: the SDK as it was built. */
  release?: ReleaseName
}

/** Sends nothing before it is asked to, or before something that waits is due. */
const PATIENT = { flushAt: 1_000_000, flushInterval: 3_600_000 }

let opened = 0

/**
 * A page with the SDK started, with a buffer and so a stream of its own: tests that share a browser share nothing in it.
 * Its flush at start-up is over.
 */
export async function openTab(
  { browser, site }: { browser: Browser; site: Site },
  { clock, chance = 0.1, prepare, release, ...options }: TabOptions & Pick<WaybillOptions, 'endpoint' | 'writeKey'>,
): Promise<Page> {
  const page = await browser.newPage()
  if (clock !== undefined) await page.clock.install({ time: clock })
  await page.addInitScript((chance) => {
    Math.random = () => chance
  }, chance)
  await prepare?.(page)
  opened += 1
  await page.goto(site.appPage({ ...PATIENT, name: `tab-${opened}`, ...options }, release ? { release } : {}))
  await page.evaluate(() => {
    window.told = []
    window.waybill.on('error', ({ code }) => window.told.push(code))
  })
  await startedUp(page)
  return page
}

/** What the app was told so far. */
export const toldTo = (page: Page): Promise<string[]> => page.evaluate(() => window.told)

/** Asks for a flush, as an app does that does not wait for it. */
export const beginFlush = (page: Page): Promise<void> =>
  page.evaluate(() => {
    window.waybill.flush()
  })

/** The device's clock, in ms since 1970. */
export const clockOf = (page: Page): Promise<number> => page.evaluate(() => Date.now())

/** Tracks `marker` from 1 to `count` in one burst, each with so many letters of its own that no compression makes few. */
export const trackNoise = (page: Page, count: number, letters: number) =>
  page.evaluate(
    (noises) => Promise.all(noises.map((noise, index) => window.waybill.track('Marked', { noise, marker: index + 1 }))),
    Array.from({ length: count }, () => randomBytes(letters / 2).toString('hex')),
  )
