import type { Move } from './visit.ts'

/** One sitting at a device, in one tab. */
export interface Visit {
  /** What the device's clock says when it begins. */
  at: string
  /** Path and search part of the page that it begins with. Default `/`. */
  entry?: string
  /** The page of another site that led here. */
  referrer?: string
  /** What is done then, in this order. */
  moves: readonly Move[]
}

/** A person with a browser profile, and all the visits. */
export interface Visitor {
  name: string
  visits: readonly Visit[]
}

const NEWSLETTER = '/?utm_source=newsletter&utm_medium=email&utm_campaign=autumn'
const ADVERT = '/?utm_source=google&utm_medium=cpc&utm_campaign=tents'

/** Four days of a small shop, with what makes such questions hard. */
export const traffic: readonly Visitor[] = [
  {
    name: 'orders in a visit that no campaign led to, days after the newsletter did',
    visits: [
      { at: '2026-11-16T09:00:00Z', entry: NEWSLETTER, moves: ['product', 'tent'] },
      { at: '2026-11-18T20:00:00Z', moves: ['product', 'stove', 'checkout', 'payment', 'pay'] },
    ],
  },
  {
    name: 'closes the tab in the checkout, and comes back by another campaign to look only',
    visits: [
      { at: '2026-11-16T12:00:00Z', entry: ADVERT, moves: ['product', 'tent', 'checkout'] },
      { at: '2026-11-17T12:30:00Z', entry: NEWSLETTER, moves: ['product'] },
    ],
  },
  {
    name: 'orders after midnight in a visit that began before, and sees an advert later',
    visits: [
      { at: '2026-11-16T23:50:00Z', moves: ['product', 'stove', 'checkout', 'payment', 'think it over', 'pay'] },
      { at: '2026-11-17T10:00:00Z', entry: ADVERT, moves: ['product'] },
    ],
  },
  {
    name: 'comes by a link of another site, reloads in the checkout, and leaves the tab open for an hour after the order',
    visits: [
      {
        at: '2026-11-17T15:00:00Z',
        referrer: 'https://camping.example/tents',
        moves: ['product', 'tent', 'checkout', 'payment', 'reload', 'payment', 'pay', 'go away', 'home', 'product'],
      },
    ],
  },
  {
    name: 'has a tab that crashes while paying, and comes back two days later',
    visits: [
      {
        at: '2026-11-17T18:00:00Z',
        entry: ADVERT,
        moves: ['product', 'tent', 'product', 'stove', 'checkout', 'payment', 'crash'],
      },
      { at: '2026-11-19T08:00:00Z', moves: [] },
    ],
  },
  {
    name: 'closes the tab in the checkout and never comes back',
    visits: [{ at: '2026-11-18T11:00:00Z', entry: NEWSLETTER, moves: ['product', 'stove', 'checkout'] }],
  },
  {
    name: 'leaves the checkout, goes on looking, and orders the day after',
    visits: [
      { at: '2026-11-18T16:00:00Z', entry: ADVERT, moves: ['product', 'stove', 'checkout', 'home', 'product'] },
      { at: '2026-11-19T16:00:00Z', entry: '/cart.html', moves: ['checkout', 'payment', 'pay'] },
    ],
  },
  {
    name: 'opens the cart before any product',
    visits: [{ at: '2026-11-19T10:00:00Z', entry: '/cart.html', moves: ['product'] }],
  },
]
