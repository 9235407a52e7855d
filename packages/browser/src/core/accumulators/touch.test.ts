import { describe, expect, test } from 'vitest'
import { foldContext, onPage, seen, T0 } from '../../../test/operations.ts'
import { timestamp } from '../timestamp.ts'
import { type Touches, touch } from './touch.ts'

/** One event in each document, a minute apart. */
function visit(visits: [url: string, referrer?: string, boot?: string][], accumulator = touch()): Touches {
  return visits.reduce<Touches>(
    (value, [url, referrer, boot = ''], index) =>
      accumulator.fold(
        value,
        seen({
          ...onPage(url, referrer),
          timestamp: timestamp(T0 + index * 60_000),
          monotonic: { boot: boot || `b${index}`, ms: 1 },
        }),
        foldContext(),
      ),
    accumulator.initial,
  )
}

const home = 'https://shop.example/'
const ad = `${home}shoes?gclid=Cj0&utm_source=google&utm_medium=cpc&size=42`
const letter = `${home}?utm_source=news&utm_medium=email`

const ofAd = {
  page: `${home}shoes`,
  campaign: { source: 'google', medium: 'cpc' },
  clickIds: { gclid: 'Cj0' },
}
const ofLetter = { page: home, campaign: { source: 'news', medium: 'email' } }
const at = (minute: number) => timestamp(T0 + minute * 60_000)

test('a first visit is first and last touch', () => {
  const { first, last } = visit([[ad]])
  expect(first).toEqual({ at: at(0), ...ofAd })
  expect(last).toEqual(first)
})

test('a direct first visit is one as well', () => {
  const { first, last } = visit([[home]])
  expect([first, last]).toEqual([
    { at: at(0), page: home },
    { at: at(0), page: home },
  ])
})

test('the first touch stays, the last is the latest', () => {
  const { first, last } = visit([[letter], [ad]])
  expect(first).toEqual({ at: at(0), ...ofLetter })
  expect(last).toEqual({ at: at(1), ...ofAd })
})

test('a direct visit does not overwrite the last touch', () => {
  expect(visit([[ad], [home]]).last).toEqual({ at: at(0), ...ofAd })
})

test('a way through the site’s own pages is no touch', () => {
  expect(visit([[ad], [`${home}cart`, `${home}shoes`]]).last).toEqual({ at: at(0), ...ofAd })
})

test('the events of one document are of one touch', () => {
  expect(
    visit([
      [ad, '', 'b'],
      [ad, '', 'b'],
    ]).last?.at,
  ).toBe(at(0))
})

test('the same ad is another touch when it is clicked again', () => {
  expect(visit([[ad], [home], [ad]]).last).toEqual({ at: at(2), ...ofAd })
})

test('an address that gets parameters within a document is another touch', () => {
  expect(
    visit([
      [home, '', 'b'],
      [letter, '', 'b'],
    ]).last,
  ).toEqual({ at: at(1), ...ofLetter })
})

describe('a referrer', () => {
  test('of another site is a touch', () => {
    expect(visit([[home, 'https://blog.example/post']]).last).toEqual({
      at: at(0),
      page: home,
      referrer: 'https://blog.example/post',
    })
  })

  test.each([
    ['a subdomain of the page’s own', 'https://www.shop.example/'],
    ['the page’s own, on another path', `${home}x`],
    ['nothing', ''],
    ['no URL', 'android-app'],
  ])('that is %s is none', (_what, referrer) => {
    expect(visit([[home, referrer]]).last).toEqual({ at: at(0), page: home })
  })

  test.each([['pay.example'], ['checkout.pay.example']])('is none where the site says so: %s', (host) => {
    const own = touch({ ownSites: ['pay.example'] })
    expect(visit([[ad], [home, `https://${host}/done`]], own).last).toMatchObject({ at: at(0) })
    expect(visit([[ad], [home, 'https://notpay.example/']], own).last).toMatchObject({ at: at(1) })
  })
})

test.each(['gclid', 'gbraid', 'wbraid', 'dclid', 'fbclid', 'msclkid', 'ttclid', 'twclid', 'li_fat_id'])(
  'the click id %s is kept',
  (name) => {
    expect(visit([[`${home}?${name}=abc`]]).last?.clickIds).toEqual({ [name]: 'abc' })
  },
)

test('a click id that is made up takes little room', () => {
  expect(visit([[`${home}?gclid=${'x'.repeat(2_000)}`]]).last?.clickIds?.gclid).toHaveLength(200)
})
