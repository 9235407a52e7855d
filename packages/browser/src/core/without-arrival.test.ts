import type { JsonObject } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { withoutArrival } from './without-arrival.ts'

const contextAt = (search: string, path = '/shop'): JsonObject => ({
  page: { url: `https://a.example${path}${search}`, path, search, title: 'Shop', referrer: 'https://ads.example/' },
  locale: 'de',
})

test('a document that one person had tells all', () => {
  expect(withoutArrival(contextAt('?gclid=1'), undefined)).toEqual(contextAt('?gclid=1'))
})

test('the next person in a document did not come by the former’s click', () => {
  const { page, locale } = withoutArrival(contextAt('?gclid=1'), contextAt('?gclid=1'))
  expect(page).toEqual({ url: 'https://a.example/shop', path: '/shop', search: '', title: 'Shop', referrer: '' })
  expect(locale).toBe('de')
})

test('what the address says since is the next person’s', () => {
  const before = contextAt('?gclid=1&view=list')
  expect(withoutArrival(contextAt('?view=grid&gclid=1&page=2', '/cart'), before).page).toMatchObject({
    url: 'https://a.example/cart?view=grid&page=2',
    search: '?view=grid&page=2',
    referrer: '',
  })
})

test('where there is no document there is nothing to leave out', () => {
  expect(withoutArrival({ locale: 'de' }, { locale: 'de' })).toEqual({ locale: 'de' })
})
