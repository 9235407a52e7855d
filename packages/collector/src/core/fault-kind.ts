/** What went wrong at a sink, so far as anybody may know it. */
export type FaultKind = `answered ${number}` | 'timed out' | 'unreachable' | 'failed'

/** No connection: the codes of Node, and what `fetch` says in workerd and in Node. */
const UNREACHABLE =
  /\b(E(CONNREFUSED|CONNRESET|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|TIMEDOUT|PIPE)|UND_ERR_\w+|fetch failed|Network connection lost)\b/

/**
 * The kind of a fault by its detail. Of the text itself nothing is kept but a status: it may have paths, hosts and what else
 * a destination says.
 */
export function toFaultKind(detail: string): FaultKind {
  const status = /^answered (\d{3})\b/.exec(detail)?.[1]
  if (status !== undefined) return `answered ${Number(status)}`
  if (/^TimeoutError\b/.test(detail)) return 'timed out'
  return UNREACHABLE.test(detail) ? 'unreachable' : 'failed'
}
