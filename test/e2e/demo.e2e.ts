import { expect } from 'vitest'
import { demoPage, numberIn } from '../harness/demo-page.ts'
import { test } from '../harness/fixtures.ts'

test('the demo shows a click as buffered and then as recorded, keeps it while offline, and a second tab shows the same', async ({
  browser,
  collector,
}) => {
  const page = await browser.newPage()
  await page.goto(collector.url)
  const demo = demoPage(page)
  await expect.poll(() => numberIn(demo.pending)).toBe(0)
  const [seq, recorded] = [await numberIn(demo.seq), await numberIn(demo.recorded)]

  await demo.track()
  await expect.poll(() => numberIn(demo.seq)).toBe(seq + 1)
  await expect.poll(() => numberIn(demo.recorded), { timeout: 15_000 }).toBe(recorded + 1)
  await expect.poll(() => numberIn(demo.pending)).toBe(0)
  await expect(demo.state.textContent()).resolves.toContain('anonymousId')
  // The script's own, beside what every build carries.
  expect(await page.evaluate(() => window.waybill.state())).toMatchObject({
    touch: { first: { page: collector.url.replace(/\/?$/, '/') } },
    page: { number: 0, path: '/' },
  })

  await browser.setOffline(true)
  await demo.track()
  await expect.poll(() => numberIn(demo.pending)).toBe(1)
  expect(await numberIn(demo.recorded)).toBe(recorded + 1)

  await browser.setOffline(false)
  await expect.poll(() => numberIn(demo.recorded), { timeout: 30_000 }).toBe(recorded + 2)

  const secondTab = await browser.newPage()
  await secondTab.goto(collector.url)
  const seconds = demoPage(secondTab)
  await expect.poll(() => numberIn(seconds.seq)).toBe(seq + 2)
  await seconds.track()
  await expect.poll(() => numberIn(demo.seq)).toBe(seq + 3)
  await expect.poll(() => numberIn(seconds.seq)).toBe(seq + 3)
})
