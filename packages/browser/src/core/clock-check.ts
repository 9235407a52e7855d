import { SILENCE } from './running-time.ts'

/** The two clocks of a page, as they stood when they were last looked at. All in ms. */
export interface ClockCheck {
  now: number
  uptime: number
  /** By `uptime`: when they were last found to have gone apart. */
  apartAt: number
}

/** So much apart is no jump: clocks are adjusted gently all the time. */
const TOLERANCE = 1_000

/** @param before undefined at the first look, to which the wall clock can only be taken at its word */
export function checkClock(before: ClockCheck | undefined, now: number, uptime: number): ClockCheck {
  const apart = before ? Math.abs(now - before.now - (uptime - before.uptime)) : 0
  return { now, uptime, apartAt: apart > TOLERANCE ? uptime : (before?.apartAt ?? Number.NEGATIVE_INFINITY) }
}

/** After a jump every page that runs must have had the time to tell the new time. */
export const isSteady = ({ uptime, apartAt }: ClockCheck): boolean => uptime - apartAt > SILENCE
