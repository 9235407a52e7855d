/** @import { BufferStats } from '@waybill/browser' */
import { advise } from './advise.js'
import { element, show } from './element.js'
import { clock, count, duration, number, size } from './words.js'

/**
 * Shows how the buffer stands.
 *
 * @param {BufferStats} stats
 */
export function showStats(stats) {
  const now = Date.now()
  const { seq, pending, bytes, recorded, rejected, shed, dropped, cuts, streamId, oldestAt, retryAt, lastError } = stats
  show('seq', number(seq))
  show('pending', number(pending))
  show('recorded', number(recorded))
  show('summary', summarise(stats))
  const delivery = lastError ? 'held' : pending > 0 ? 'waiting' : 'clear'
  element('summary', HTMLElement).dataset.delivery = delivery

  show('stream', streamId ?? 'none before the first event')
  show('key-stream', streamId ?? 'stream id')
  show('storage', STORAGE[stats.storage])
  const age = oldestAt ? `, the oldest for ${duration(now - Date.parse(oldestAt))}` : ''
  show('waiting', pending > 0 ? `${count(pending, 'event')}, ${size(bytes)}${age}` : 'nothing')
  show('cuts', cuts > 0 ? `${number(cuts)}, presented until recorded` : '0')
  show('rejected', `${number(rejected)} by the collector, ${number(shed)} gave way to a cap`)
  show('dropped', `${number(dropped)} before they got a seq`)
  show(
    'retry',
    retryAt ? `${clock(new Date(retryAt))}, in ${duration(Date.parse(retryAt) - now)}` : 'nothing to wait for',
  )
  const { code = '', detail = '', at = '' } = lastError ?? {}
  show('error', lastError ? `${code} at ${clock(new Date(at))}: ${sentence(detail)} ${advise(code)}` : 'none')
  element('error', HTMLElement).classList.toggle('trouble', lastError !== undefined)
  show('state', JSON.stringify(stats.state, null, 2))
}

/** @satisfies {Record<BufferStats['storage'], string>} */
const STORAGE = {
  durable: 'durable: in IndexedDB, outlives a reload, a crash, a kill of the browser',
  memory: 'memory: IndexedDB could not be had; lasts as long as this page',
}

/**
 * One sentence without numbers: it is read out when it changes.
 *
 * @param {BufferStats} stats
 */
function summarise({ pending, seq, recorded, lastError }) {
  if (lastError) return 'Delivery is held up. What is pending is kept and tried again.'
  if (pending > 0) return 'Buffered, and sent with the next batch.'
  return seq > 0 || recorded > 0 ? 'All that was tracked is recorded.' : 'Nothing tracked yet.'
}

/** @param {string} text */
const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`)
