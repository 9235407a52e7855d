import { byteLength } from '@waybill/protocol'
import type { Fetch } from '../../src/core/http.ts'
import type { Destination } from '../sink-contract.ts'
import { neverUnless } from './never-unless.ts'

export interface Call {
  messageId: string
  context: { waybill: { seq: number; streamId: string; state?: unknown } }
  [member: string]: unknown
}

/**
 * A fake of Segment's HTTP API, written from its documentation. It takes what Segment takes; `refuses` is for the
 * compatible ones that look into the events.
 *
 * - `/v1/batch`, Basic authentication, limits and their 400, 429 with `Retry-After`:
 *   https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 * - deduplication by `messageId`: https://segment.com/docs/guides/duplicate-data/
 */
export function fakeSegment(writeKey: string): {
  destination: Destination
  calls: Map<string, Call>
  requests: Call[][]
  fetch: Fetch
} {
  const calls = new Map<string, Call>()
  const requests: Call[][] = []
  const destination: Destination = {
    mode: 'works',
    refuses: [],
    dropsForks: true,
    async held({ header: { streamId, first, last } }) {
      const ids = [...calls.values()].filter(
        ({ context: { waybill } }) => waybill.streamId === streamId && waybill.seq >= first && waybill.seq <= last,
      )
      return ids.length === 0 ? [] : [ids.map(({ messageId }) => messageId)]
    },
    traceOf(line) {
      const { type, messageId } = JSON.parse(line)
      return type === 'shed' || type === 'rejected' ? undefined : messageId
    },
  }
  const fetch: Fetch = async (url, { method, headers: given, body, signal }) => {
    if (destination.mode === 'fails') return new Response('Too Many Requests', { status: 429 })
    if (destination.mode === 'hangs') await neverUnless(signal)
    const headers = new Headers(given)
    if (method !== 'POST' || new URL(url).pathname !== '/v1/batch') return new Response(null, { status: 404 })
    if (headers.get('Authorization') !== `Basic ${btoa(`${writeKey}:`)}`) return new Response(null, { status: 401 })
    const text = await new Response(body ?? null).text()
    const { batch }: { batch: Call[] } = JSON.parse(text)
    requests.push(batch)
    const tooLarge = byteLength(text) > 500_000 || batch.some((call) => byteLength(JSON.stringify(call)) > 32 * 1024)
    const bad = batch.some(({ context: { waybill } }) => destination.refuses?.includes(waybill.seq))
    if (tooLarge || bad) return Response.json({ success: false }, { status: 400 })
    for (const call of batch) if (!calls.has(call.messageId)) calls.set(call.messageId, call)
    return Response.json({ success: true })
  }
  return { destination, calls, requests, fetch }
}
