import type { Waybill } from '@waybill/browser'
import { expect, test } from 'vitest'
import { createProfile } from './browser.ts'
import { createSimulatedDisk } from './indexed-db.ts'
import { FAIR } from './network.ts'
import { createScheduler } from './scheduler.ts'
import { seededRandom } from './seeded-random.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** A browser without a network, whose time is ours. */
function createDevice() {
  const scheduler = createScheduler(Date.parse('2026-11-22T10:00:00.000Z'), seededRandom(1))
  const disk = createSimulatedDisk({ scheduler })
  const network = { weather: FAIR, fetch: () => Promise.reject(new TypeError('Failed to fetch')) }
  const options = { endpoint: 'https://collector.example', writeKey: 'wk_sim', name: 'waybill' }
  const profile = createProfile({ scheduler, disk, network, options })
  return {
    scheduler,
    profile,
    /** A page that has started the span, half a minute and a second ago. */
    async openCheckout() {
      const tab = profile.openTab()
      await scheduler.pass(SECOND)
      const span = tab.waybill.start('Checkout')
      await scheduler.pass(31 * SECOND)
      return { tab, span }
    },
    async track(waybill: Waybill, event: string) {
      void waybill.track(event)
      await scheduler.pass(SECOND)
    },
    /** What is stored, in short. */
    told: () =>
      (disk.read('waybill') ?? []).flatMap(([key, text]) => {
        if (!Array.isArray(key)) return []
        const { event, span } = JSON.parse(String(text))
        return span ? [`${event} ${span.outcome} after ${Math.round(span.duration / SECOND)} s`] : [event]
      }),
  }
}

test('a device that slept for hours abandons nothing that its page has open, and does not count the sleep', async () => {
  const { scheduler, openCheckout, track, told } = createDevice()
  const { tab, span } = await openCheckout()
  tab.life.state = 'frozen' // The page hears nothing of it.
  await scheduler.pass(3 * HOUR)
  scheduler.thaw(tab.life)
  await track(tab.waybill, 'awake')
  await scheduler.pass(20 * SECOND)
  void span.end()
  await scheduler.pass(SECOND)
  expect(told()).toEqual(['awake', 'Checkout completed after 51 s'])
})

test('a page that was frozen for hours, and was alone, goes on with its span', async () => {
  const { scheduler, openCheckout, told } = createDevice()
  const { tab, span } = await openCheckout()
  tab.freeze()
  await scheduler.pass(3 * HOUR)
  tab.thaw()
  await scheduler.pass(10 * SECOND)
  void span.end()
  await scheduler.pass(SECOND)
  expect(told()).toEqual(['Checkout completed after 41 s'])
})

test.each([
  ['forward', 40 * 24 * HOUR],
  ['back', -24 * HOUR],
])(
  'a clock that is set %s abandons nothing that a page has open, whoever stamps next, and changes no duration',
  async (_way, by) => {
    const { scheduler, profile, openCheckout, track, told } = createDevice()
    const other = profile.openTab()
    await scheduler.pass(SECOND)
    await track(other.waybill, 'before')
    const { span } = await openCheckout()
    profile.skew = by
    await track(other.waybill, 'after')
    await scheduler.pass(2 * MINUTE)
    await track(other.waybill, 'later')
    void span.end()
    await scheduler.pass(SECOND)
    expect(told()).toEqual(['before', 'after', 'later', 'Checkout completed after 153 s'])
  },
)

test('a span whose tab has crashed is abandoned by the other tab, as it was at its last tick', async () => {
  const { scheduler, profile, openCheckout, track, told } = createDevice()
  const other = profile.openTab()
  const { tab } = await openCheckout()
  await scheduler.pass(10 * SECOND)
  tab.crash()
  await scheduler.pass(29 * MINUTE)
  await track(other.waybill, 'soon')
  await scheduler.pass(2 * MINUTE)
  await track(other.waybill, 'late')
  expect(told()).toEqual(['soon', 'Checkout abandoned after 30 s', 'late'])
})
