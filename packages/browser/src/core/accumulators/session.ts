import type { BuiltInAccumulator, TrackedEvent } from '../accumulator.ts'
import { type Campaign, readCampaign } from '../campaign.ts'
import type { EventOperation } from '../operation.ts'
import { pageOf } from '../page-of.ts'
import { timestamp } from '../timestamp.ts'

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
  /** On the `Session Ended` event, after which none of this session comes. */
  ended?: true
}

const SESSION_ENDED = 'Session Ended'

/** Somebody did something: https://segment.com/docs/connections/spec/common/#context */
const isActive = ({ context }: TrackedEvent): boolean => context?.active !== false

const toSessionEnded = (at: number): EventOperation => ({
  kind: 'event',
  at,
  text: JSON.stringify({
    type: 'track',
    event: SESSION_ENDED,
    properties: {},
    timestamp: timestamp(at),
    context: { active: false },
  }),
})

/** The visit, as `state.session`: ends when no event has come for `sessionTimeout` ms, by default 30 min. */
export const session = ({
  sessionTimeout = 1_800_000,
}: {
  sessionTimeout?: number
} = {}): BuiltInAccumulator<'session', Session> => ({
  name: 'session',
  toEnded: toSessionEnded,
  initial: { id: '', number: 0, startedAt: '', events: 0, pages: 0, entryPage: '', referrer: '' },
  fold(value, event, { streamId, idle }) {
    const pages = event.type === 'page' ? 1 : 0
    // What ended by itself is of the session before, if that goes on.
    const goesOn = !value.ended && (idle <= sessionTimeout || !isActive(event))
    if (value.number > 0 && goesOn) {
      const ended = event.event === SESSION_ENDED && !isActive(event)
      const counted = { events: value.events + 1, pages: (value.pages || 0) + pages }
      return { ...value, ...counted, ...(ended && { ended }) }
    }
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
