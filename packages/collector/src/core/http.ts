import { readUpTo } from './read-up-to.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { TransientFault } from './sink.ts'

/** So much of the platform's `fetch` as sinks use; a parameter of theirs. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * The beginning of an answer as text. The rest is cancelled, as a body that is left unread keeps its connection busy. Throws
 * when it breaks off: what it would have said is not known.
 */
export async function readText({ body }: Response, max: number): Promise<string> {
  if (!body) return ''
  const read = await readUpTo(body, max)
  if (!read.ok) throw new Error('the answer broke off')
  return new TextDecoder().decode(read.value.bytes)
}

/**
 * A destination's answer that is none of those it was asked for.
 *
 * @param said what it gave as the reason
 */
export function toHttpFault(answer: Response, now: number, said?: string): TransientFault {
  const detail = said ? `answered ${answer.status} ${said}` : `answered ${answer.status}`
  const retryAfter = parseRetryAfter(answer.headers.get('Retry-After'), now)
  return { kind: 'transient', detail, ...(retryAfter !== undefined && { retryAfter }) }
}
