// biome-ignore-all lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a fixture needs

import type { createWaybill, WaybillOptions } from '@waybill/browser'
import type { Page } from 'playwright'
import { test as base } from 'vitest'
import { openBrowser } from './browser.ts'
import { startedUp } from './client.ts'
import { startCollector } from './collector-process.ts'
import { startDestination } from './destination.ts'
import { startProxy } from './proxy.ts'
import { startSite } from './site.ts'

declare global {
  interface Window {
    /** What the page with the SDK and the page with the script both start. */
    waybill: ReturnType<typeof createWaybill>
  }
}

/** Sends soon and often, so that no test waits for a timer that is made for people. */
const EAGER = { flushAt: 10, flushInterval: 100, requestTimeout: 5_000 }

/** Sends nothing before it is asked to. */
const PATIENT = { flushAt: 1_000_000, flushInterval: 3_600_000 }

/**
 * A test that stands on the whole path: page in Chromium → proxy → Worker → destination. A file shares one destination,
 * one Worker and one site; each test has its own browser profile, so its own stream, and its own proxy.
 */
export const test = base
  .extend('destination', { scope: 'file' }, async ({}, { onCleanup }) => {
    const destination = await startDestination()
    onCleanup(destination.close)
    return destination
  })
  .extend('collector', { scope: 'file' }, async ({ destination }, { onCleanup }) => {
    const collector = await startCollector({ webhook: destination })
    onCleanup(collector.close)
    return collector
  })
  .extend('site', { scope: 'file' }, async ({}, { onCleanup }) => {
    const site = await startSite()
    onCleanup(site.close)
    return site
  })
  .extend('evidence', { auto: true }, async ({ collector, destination, onTestFailed }) => {
    onTestFailed(() => {
      console.log(collector.logs().split('\n').slice(-60).join('\n'))
      if (destination.faults.length > 0) console.log(destination.faults)
    })
  })
  .extend('proxy', async ({ collector }, { onCleanup }) => {
    const proxy = await startProxy({ upstream: collector.url })
    onCleanup(proxy.close)
    return proxy
  })
  .extend('browser', async ({}, { onCleanup }) => {
    const browser = await openBrowser()
    onCleanup(browser.close)
    return browser
  })
  .extend('openApp', async ({ browser, site, proxy, collector }) => {
    /** Opens a page with the SDK started; without options it is eager. */
    return async (options: Partial<WaybillOptions> = EAGER): Promise<Page> => {
      const page = await browser.newPage()
      await page.goto(site.appPage({ endpoint: proxy.url, writeKey: collector.writeKey, ...options }))
      return page
    }
  })
  .extend('openPatientApp', async ({ openApp }) => {
    /** Opens a page whose SDK sends nothing before it is asked to; its flush at start-up is over. */
    return async (options: Partial<WaybillOptions> = {}): Promise<Page> => {
      const page = await openApp({ ...PATIENT, ...options })
      await startedUp(page)
      return page
    }
  })
