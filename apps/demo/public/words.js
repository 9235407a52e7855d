/** @import { TrackResult } from '@waybill/browser' */

/** @param {number} value */
export const number = (value) => value.toLocaleString('en')

/** @param {number} value @param {string} noun */
export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? '' : 's'}`

/** @param {number} bytes */
export const size = (bytes) => (bytes < 1024 ? `${bytes} B` : `${number(Math.round(bytes / 102.4) / 10)} KiB`)

/** @param {Date} date */
export const clock = (date) => date.toLocaleTimeString('en-GB')

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

/** @param {TrackResult} result */
export function outcome(result) {
  if (result.status === 'dropped') return `dropped: ${result.reason}`
  return result.seq === undefined ? result.status : `${result.status}, seq ${number(result.seq)}`
}
