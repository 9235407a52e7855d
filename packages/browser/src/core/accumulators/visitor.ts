import type { Accumulator } from '../accumulator.ts'

export type Visitor = {
  anonymousId: string
  firstSeenAt: string
  /** Events of this stream so far, this one included. */
  events: number
}

/** The person behind a stream, as far as this browser profile knows. */
export const visitor: Accumulator<'visitor', Visitor> = {
  name: 'visitor',
  initial: { anonymousId: '', firstSeenAt: '', events: 0 },
  fold: (value, event, { anonymousId = '' }) => ({
    anonymousId,
    firstSeenAt: value.firstSeenAt || event.timestamp,
    events: (value.events || 0) + 1,
  }),
}
