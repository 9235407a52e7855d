import type { Accumulator } from '../accumulator.ts'

export type Visitor = {
  anonymousId: string
  firstSeenAt: string
  /** Events of this stream so far, this one included. */
  events: number
}

/** The person behind a stream, as far as this browser profile knows. */
export const visitor: Accumulator<Visitor> = {
  name: 'visitor',
  fold: (value, event, { anonymousId }) => ({
    firstSeenAt: event.timestamp,
    ...value,
    anonymousId,
    events: (value?.events ?? 0) + 1,
  }),
}
