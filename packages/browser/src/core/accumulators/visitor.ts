import type { Accumulator } from '../accumulator.ts'

export type Visitor = {
  anonymousId: string
  firstSeenAt: string
  /** Sessions of this stream so far, this one included. */
  sessions: number
  /** Events of this stream so far, this one included. */
  events: number
}

/** The person behind a stream, as far as this browser profile knows, as `state.visitor`. */
export const visitor: Accumulator<'visitor', Visitor> = {
  name: 'visitor',
  initial: { anonymousId: '', firstSeenAt: '', sessions: 0, events: 0 },
  fold: (value, event, { anonymousId = '', session }) => ({
    anonymousId,
    firstSeenAt: value.firstSeenAt || event.timestamp,
    sessions: session?.number ?? 1,
    events: (value.events || 0) + 1,
  }),
}
