import { readdir } from 'node:fs/promises'
import { expect } from 'vitest'
import { flush, markersOf, statsOf, streamOf, trackMany } from '../harness/client.ts'
import { proveComplete } from '../harness/completeness.ts'
import { test } from '../harness/fixtures.ts'
import { searchProfile } from '../harness/search-profile.ts'

/** No other file of the profile has it, unless we put it there. */
const SECRET = 'rhinoceros-7f3a'
const EAGER = { flushAt: 1, flushInterval: 50 }

const track = (page: Parameters<typeof statsOf>[0], event: string) =>
  page.evaluate(([event, secret]) => window.waybill.track(event, { secret }), [event, SECRET] as const)

const decide = (page: Parameters<typeof statsOf>[0], decision: 'granted' | 'denied') =>
  page.evaluate((decision) => window.waybill.consent(decision), decision)

const anonymousIdIn = ({ state }: Awaited<ReturnType<typeof statsOf>>) =>
  (state.visitor as { anonymousId: string }).anonymousId

test('before the visitor has decided nothing is written to the device and nothing is sent', async ({
  openApp,
  browser,
  proxy,
}) => {
  const page = await openApp({ ...EAGER, consent: 'pending' })
  expect(await track(page, 'Early')).toEqual({ status: 'memory' })
  expect(await statsOf(page)).toMatchObject({ consent: 'pending', pending: 1 })
  expect(await flush(page)).toEqual({ recorded: false, pending: 1, reason: 'consent_pending' })
  expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0)
  expect(await page.evaluate(() => localStorage.length)).toBe(0)
  // Leaving is when a page writes without being asked.
  await page.goto('about:blank')
  expect(proxy.batches()).toEqual([])
  await browser.quit()
  expect(await searchProfile(browser.profile, [SECRET, 'Early'])).toEqual([])
  const paths = await readdir(browser.profile, { recursive: true })
  expect(paths.filter((path) => /indexeddb/i.test(path) && path.includes('localhost'))).toEqual([])
})

test('a script tag that asks for it waits for consent, with the page event and the calls that were pushed', async ({
  browser,
  site,
  collector,
  destination,
}) => {
  const page = await browser.newPage()
  await page.goto(
    site.htmlPage(`<script>window.waybill = [['track', 'Pushed']]</script>
      <script src="${collector.url}/v1/waybill.js" data-key="${collector.writeKey}" data-consent="pending"></script>`),
  )
  expect(await statsOf(page)).toMatchObject({ consent: 'pending', pending: 2, seq: 0 })
  await decide(page, 'granted')
  expect(await flush(page)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(page))
  expect(lines.map(({ type }) => type)).toEqual(['page', 'track'])
})

test('what was tracked before the grant is stored and delivered after it, and the same search finds it', async ({
  openApp,
  browser,
  proxy,
  destination,
}) => {
  const page = await openApp({ ...EAGER, consent: 'pending' })
  await track(page, 'Early')
  proxy.refuse()
  await decide(page, 'granted')
  await track(page, 'Late')
  expect(await statsOf(page)).toMatchObject({ consent: 'granted', storage: 'durable', pending: 2, seq: 2 })
  await browser.kill()
  expect(await searchProfile(browser.profile, [SECRET])).not.toEqual([])

  await browser.reopen()
  proxy.pass()
  // The decision holds for later visits.
  const next = await openApp({ ...EAGER, consent: 'pending' })
  expect(await track(next, 'Next visit')).toMatchObject({ status: 'durable', seq: 3 })
  expect(await flush(next)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(next))
  expect(lines.map((line) => 'event' in line && line.event)).toEqual(['Early', 'Late', 'Next visit'])
})

test('a denial empties the buffer, ends the stream and stops what other tabs would store or send', async ({
  openApp,
  browser,
  proxy,
  destination,
}) => {
  proxy.refuse()
  const page = await openApp(EAGER)
  const other = await openApp(EAGER)
  await trackMany(page, 20)
  await trackMany(other, 20)
  const before = await streamOf(page)

  await decide(page, 'denied')
  expect(await statsOf(page)).toMatchObject({ consent: 'denied', pending: 0, seq: 0 })
  expect(await track(page, 'Late')).toEqual({ status: 'dropped', reason: 'consent_denied' })
  expect(await track(other, 'Late')).toEqual({ status: 'dropped', reason: 'consent_denied' })
  expect(await statsOf(other)).toMatchObject({ consent: 'denied', pending: 0, seq: 0 })

  proxy.pass()
  for (const tab of [page, other]) {
    expect(await flush(tab)).toEqual({ recorded: false, pending: 0, reason: 'consent_denied' })
    await tab.reload()
    expect(await track(tab, 'Later')).toEqual({ status: 'dropped', reason: 'consent_denied' })
  }
  await browser.quit() // A copy that the browser had been left would go out now.
  expect(destination.deliveries.filter(({ batchId }) => batchId.startsWith(before))).toEqual([])
})

test('a wish that the page is reloaded right after is done all the same: denied, granted, forgotten', async ({
  openApp,
  proxy,
}) => {
  proxy.refuse()
  const wish = (page: Awaited<ReturnType<typeof openApp>>, what: 'granted' | 'denied' | 'forget') =>
    Promise.all([
      page.waitForEvent('load'),
      page.evaluate((what) => {
        // Behind transactions that are under way.
        for (let index = 0; index < 50; index += 1) void window.waybill.track('Under Way')
        void (what === 'forget' ? window.waybill.forget() : window.waybill.consent(what))
        location.reload()
      }, what),
    ])
  const granted = await openApp()
  const pending = await openApp({ ...EAGER, name: 'other', consent: 'pending' })
  for (let round = 1; round <= 5; round += 1) {
    await trackMany(granted, 3)
    await wish(granted, 'denied')
    await expect.poll(() => statsOf(granted)).toMatchObject({ consent: 'denied', pending: 0, seq: 0 })
    expect(await granted.evaluate(() => localStorage.length)).toBe(1)
    await decide(granted, 'granted')

    await trackMany(granted, 3)
    const before = await streamOf(granted)
    await wish(granted, 'forget')
    await expect.poll(() => statsOf(granted)).toMatchObject({ consent: 'granted' })
    await trackMany(granted, 1)
    expect(await streamOf(granted)).not.toBe(before)

    if (round === 1) {
      await wish(pending, 'granted')
      await expect.poll(() => statsOf(pending)).toMatchObject({ consent: 'granted' })
    }
  }
})

test('what is no decision changes nothing', async ({ openApp, proxy }) => {
  const page = await openApp({ ...EAGER, consent: 'pending' })
  await track(page, 'Early')
  await page.evaluate(async () => {
    const { consent } = window.waybill as unknown as { consent: (decision?: unknown) => Promise<void> }
    for (const decision of [false, true, undefined, 'pending', 'no', {}]) await consent(decision)
  })
  expect(await statsOf(page)).toMatchObject({ consent: 'pending', pending: 1 })
  expect(proxy.batches()).toEqual([])
})

test('what the host page or a Waybill of another name keeps beside is left alone', async ({ openApp, proxy }) => {
  proxy.refuse()
  const page = await openApp({ ...EAGER, name: 'a' })
  await page.evaluate(() => {
    localStorage.setItem('a:settings', 'theirs')
    localStorage.setItem('a:b:01a202b2-c500-7000-8000-000000000040', JSON.stringify({ operations: [] }))
    // And one of ours that somebody has damaged.
    localStorage.setItem(
      'a:01a202b2-c500-7000-8000-000000000040',
      JSON.stringify({ identity: { id: 7 }, operations: 5 }),
    )
  })
  await page.reload()
  expect(await track(page, 'Later')).toMatchObject({ status: 'durable' })
  await page.evaluate(() => window.waybill.forget())
  expect(await page.evaluate(() => Object.keys(localStorage).sort())).toEqual([
    'a:b:01a202b2-c500-7000-8000-000000000040',
    'a:settings',
  ])
})

test('after a denial and another grant a new person begins, whom nothing links to the one before', async ({
  openApp,
  destination,
}) => {
  const page = await openApp(EAGER)
  await trackMany(page, 3)
  const before = await statsOf(page)
  await decide(page, 'denied')
  await decide(page, 'granted')
  await trackMany(page, 3)
  const after = await statsOf(page)
  expect(after).toMatchObject({ consent: 'granted', seq: 3 })
  expect(after.streamId).not.toBe(before.streamId)
  expect(anonymousIdIn(after)).not.toBe(anonymousIdIn(before))
  expect(await flush(page)).toEqual({ recorded: true })
  expect(markersOf(proveComplete(destination.deliveries, after.streamId ?? ''))).toEqual([1, 2, 3])
})

test('a grant in one tab lets go what another has held', async ({ openApp, destination }) => {
  const [page, other] = [
    await openApp({ ...EAGER, consent: 'pending' }),
    await openApp({ ...EAGER, consent: 'pending' }),
  ]
  await track(other, 'Held')
  await decide(page, 'granted')
  await expect.poll(() => statsOf(other)).toMatchObject({ consent: 'granted' })
  await expect.poll(() => flush(other)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(other))
  expect(lines.map((line) => 'event' in line && line.event)).toEqual(['Held'])
})

test('Global Privacy Control is a denial where the site says so, until the visitor decides otherwise', async ({
  openApp,
  destination,
}) => {
  const visit = await openApp(EAGER)
  await trackMany(visit, 3)
  await flush(visit)
  await trackMany(visit, 3)

  await visit.addInitScript(() => {
    Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })
  })
  const url = new URL(visit.url())
  const options = JSON.parse(url.searchParams.get('options') ?? '{}')
  url.searchParams.set('options', JSON.stringify({ ...options, gpc: true }))
  await visit.goto(url.href)
  expect(await track(visit, 'Late')).toEqual({ status: 'dropped', reason: 'consent_denied' })
  await expect.poll(() => statsOf(visit)).toMatchObject({ consent: 'denied', pending: 0, seq: 0 })

  await decide(visit, 'granted')
  expect(await track(visit, 'Wanted')).toMatchObject({ status: 'durable', seq: 1 })
  expect(await flush(visit)).toEqual({ recorded: true })
  const lines = proveComplete(destination.deliveries, await streamOf(visit))
  expect(lines.map((line) => 'event' in line && line.event)).toEqual(['Wanted'])
})

test('forget() empties the buffer, and what comes after begins anew without a link to what was', async ({
  openApp,
  proxy,
  destination,
}) => {
  proxy.refuse()
  const page = await openApp(EAGER)
  const other = await openApp(EAGER)
  await trackMany(page, 10)
  await trackMany(other, 10)
  const before = await statsOf(page)
  await page.evaluate(() => window.waybill.forget())
  expect(await statsOf(page)).toMatchObject({ consent: 'granted', pending: 0, seq: 0 })
  await trackMany(other, 5)
  proxy.pass()
  expect(await flush(other)).toEqual({ recorded: true })
  const after = await statsOf(other)
  expect(after.streamId).not.toBe(before.streamId)
  const lines = proveComplete(destination.deliveries, after.streamId ?? '')
  expect(markersOf(lines)).toEqual([1, 2, 3, 4, 5])
  const text = JSON.stringify(destination.deliveries.filter(({ batchId }) => batchId.startsWith(after.streamId ?? '')))
  expect(text).not.toContain(anonymousIdIn(before))
  expect(destination.deliveries.filter(({ batchId }) => batchId.startsWith(before.streamId ?? ''))).toEqual([])
})
