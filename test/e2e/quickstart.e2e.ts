import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { expect } from 'vitest'
import type { Delivery } from '../harness/destination.ts'
import { test } from '../harness/fixtures.ts'

/** The first block of this language in the README, as somebody would paste it, but for the collector's address. */
async function quickstart(language: string, collector: string): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const [, code] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(readme) ?? []
  if (!code?.includes('http://localhost:8787')) throw new Error(`The README has no quickstart in ${language}`)
  return code.replaceAll('http://localhost:8787', collector)
}

const namesOf = (deliveries: readonly Delivery[]) =>
  deliveries.flatMap(({ lines }) => lines.map((line) => ('event' in line ? line.event : line.type)))

test("the README's <script> starts by itself on any site, and makes the calls that were waiting for it", async ({
  browser,
  site,
  proxy,
  destination,
}) => {
  const page = await browser.newPage()
  await page.goto(site.htmlPage(await quickstart('html', proxy.url)))
  await expect.poll(() => namesOf(destination.deliveries)).toEqual(['page', 'Order Completed'])
})

test('the attributes of the tag set how long a session lasts, and whether its end is told', async ({
  browser,
  site,
  proxy,
  destination,
}) => {
  const page = await browser.newPage()
  const before = namesOf(destination.deliveries).length
  const html = await quickstart('html', proxy.url)
  await page.goto(site.htmlPage(html.replace('data-key=', 'data-session-timeout="1" data-session-ended data-key=')))
  await expect.poll(() => namesOf(destination.deliveries).slice(before)).toContain('Session Ended')
})

test("the README's module tracks an event that is durable at once and arrives", async ({
  browser,
  site,
  proxy,
  destination,
}) => {
  const page = await browser.newPage()
  const module = stripTypeScriptTypes(await quickstart('ts', proxy.url))
  const before = namesOf(destination.deliveries).length
  await page.goto(site.modulePage(`${module}\nwindow.result = result`))
  await page.waitForFunction(() => 'result' in window)
  expect(await page.evaluate(() => Reflect.get(window, 'result'))).toEqual({ status: 'durable', seq: 1 })
  await expect.poll(() => namesOf(destination.deliveries).slice(before)).toEqual(['Order Completed'])
})

test('a queued call that makes no sense stops neither the page nor the calls after it', async ({
  browser,
  site,
  proxy,
  destination,
}) => {
  const page = await browser.newPage()
  const errors: Error[] = []
  page.on('pageerror', (error) => errors.push(error))
  const before = namesOf(destination.deliveries).length
  const html = await quickstart('html', proxy.url)
  await page.goto(site.htmlPage(html.replace('waybill.push(', "waybill.push(null, ['fly'], ")))
  await expect.poll(() => namesOf(destination.deliveries).slice(before)).toEqual(['page', 'Order Completed'])
  expect(errors).toEqual([])
})
