import { type WebhookSinkOptions, webhookSink } from '../../src/sinks/webhook-sink.ts'
import type { Destination, SinkFixture } from '../sink-contract.ts'
import { neverUnless } from './never-unless.ts'

const secret = 'whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0'

/** A receiver that deduplicates by `webhook-id`, as it is told to. */
export function create(): SinkFixture {
  const taken = new Map<string, { batchId: string; lines: string[] }>()
  const destination: Destination = {
    mode: 'works',
    refuses: [],
    async held({ batchId }) {
      return [...taken.values()].filter((each) => each.batchId === batchId).map(({ lines }) => lines)
    },
  }
  const fetch: WebhookSinkOptions['fetch'] = async (_, { body, headers, signal }) => {
    if (destination.mode === 'fails') return new Response('broken', { status: 500 })
    if (destination.mode === 'hangs') await neverUnless(signal)
    const id = new Headers(headers).get('webhook-id') ?? ''
    const lines = (await new Response(body ?? null).text()).trimEnd().split('\n')
    const refused = lines.flatMap((line) => {
      const { seq, type } = JSON.parse(line)
      return type === 'track' && destination.refuses?.includes(seq) ? [seq] : []
    })
    if (refused.length > 0) return Response.json({ refused }, { status: 422 })
    const [batchId = ''] = id.split('~')
    if (!taken.has(id)) taken.set(id, { batchId, lines })
    return new Response(null, { status: 204 })
  }
  const headers = { Authorization: 'Bearer h3ader' }
  const options = { url: 'https://example.com/hook/t0ken?key=k3y', secret, format: 'ndjson' as const, headers, fetch }
  return {
    sink: webhookSink(options),
    destination,
    elsewhere: [
      webhookSink({ ...options, url: 'https://example.com/other' }),
      webhookSink({ ...options, headers: { Authorization: 'Bearer 0ther' } }),
    ],
    secrets: [secret, secret.slice(6), 't0ken', 'k3y', 'h3ader'],
  }
}
