import type { Context } from 'hono'
import type { Sender } from './core/sender.ts'

/** So much of what runs a collector as is used: workerd's requests have `cf`, `@hono/node-server` hands over Node's. */
interface WorkersRequest {
  cf?: Sender['cf']
}
interface NodeBindings {
  incoming?: { socket?: { remoteAddress?: string } }
}

/** Who sends a request. `CF-Connecting-IP` is believed on Workers only, where nobody else can set it. */
export function readSender(c: Context, ipHeader: string | undefined): Sender {
  const { cf } = c.req.raw as WorkersRequest
  const { incoming } = (c.env ?? {}) as NodeBindings
  const named = ipHeader ?? (cf && 'CF-Connecting-IP')
  const address = named ? c.req.header(named)?.split(',').at(-1)?.trim() : incoming?.socket?.remoteAddress
  return { address, userAgent: c.req.header('User-Agent'), cf }
}
