// biome-ignore-all lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a fixture needs

import type { Page } from 'playwright'
import { openBrowser } from './browser.ts'
import { test as base } from './fixtures.ts'
import { openTab, type TabOptions } from './tabs.ts'

/** A test on the whole path, quick enough for a table: all tests of a file share one browser, and each has its own buffer. */
export const test = base
  .extend('sharedBrowser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await openBrowser()
    onCleanup(browser.close)
    return browser
  })
  .extend('openTab', async ({ sharedBrowser, site, proxy, collector }, { onCleanup }) => {
    const pages: Page[] = []
    onCleanup(async () => {
      for (const page of pages) await page.close()
    })
    return async (options: TabOptions = {}): Promise<Page> => {
      const way = { endpoint: proxy.url, writeKey: collector.writeKey }
      const page = await openTab({ browser: sharedBrowser, site }, { ...way, ...options })
      pages.push(page)
      return page
    }
  })
