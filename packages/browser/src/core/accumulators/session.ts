import type { Accumulator } from '../accumulator.ts'

export type Session = {
  /** `<streamId>.s<number>` */
  id: string
  /** The person's first session is 1. */
  number: number
  startedAt: string
  /** Events of this session so far, this one included. */
  events: number
}

/** A visit: ends when no event has come for `sessionTimeout` ms, by default 30 min. */
export const session = ({
  sessionTimeout = 1_800_000,
}: {
  sessionTimeout?: number
}): Accumulator<'session', Session> => ({
  name: 'session',
  initial: { id: '', number: 0, startedAt: '', events: 0 },
  fold(value, event, { streamId, idle }) {
    if (value.number > 0 && idle <= sessionTimeout) return { ...value, events: value.events + 1 }
    const number = (value.number || 0) + 1
    return { id: `${streamId}.s${number}`, number, startedAt: event.timestamp, events: 1 }
  },
})
