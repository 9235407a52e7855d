import type { Accumulator } from '../accumulator.ts'
import { type Campaign, readCampaign } from '../campaign.ts'
import { pageOf } from '../page-of.ts'

export type Session = {
  /** `<streamId>.s<number>` */
  id: string
  /** The person's first session is 1. */
  number: number
  startedAt: string
  /** Events of this session so far, this one included. */
  events: number
  /** Those of them that are `page` events. */
  pages: number
  /** The URL on which it began, without its search part. */
  entryPage: string
  /** Where that page was reached from; empty for a visit that came from nowhere. */
  referrer: string
  /** The `utm_` parameters of that page, if it had any. */
  campaign?: Campaign
}

/** A visit: ends when no event has come for `sessionTimeout` ms, by default 30 min. */
export const session = ({
  sessionTimeout = 1_800_000,
}: {
  sessionTimeout?: number
}): Accumulator<'session', Session> => ({
  name: 'session',
  initial: { id: '', number: 0, startedAt: '', events: 0, pages: 0, entryPage: '', referrer: '' },
  fold(value, event, { streamId, idle }) {
    const pages = event.type === 'page' ? 1 : 0
    if (value.number > 0 && idle <= sessionTimeout)
      return { ...value, events: value.events + 1, pages: (value.pages || 0) + pages }
    const number = (value.number || 0) + 1
    const { url, search, referrer } = pageOf(event)
    const campaign = readCampaign(search)
    return {
      id: `${streamId}.s${number}`,
      number,
      startedAt: event.timestamp,
      events: 1,
      pages,
      entryPage: url,
      referrer,
      ...(campaign && { campaign }),
    }
  },
})
