import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CollectorOptions, createCollector, webhookSink } from '@waybill/collector'
import type { Webhook } from './collector-process.ts'
import { listen } from './listen.ts'
import { readBody } from './read-body.ts'

/** The collector in Node, where a test can set up what a Worker's settings can't, and change it while pages are open. */
export interface NodeCollector extends AsyncDisposable {
  url: string
  writeKey: string
  /** Starts it anew with these options beside one key, for any origin of this machine, and one webhook. */
  configure(options: Partial<CollectorOptions>): void
  close(): Promise<void>
}

export async function startNodeCollector({
  webhook: { url, secret, format = 'json' },
}: {
  webhook: Webhook
}): Promise<NodeCollector> {
  const writeKey = 'wk_dev'
  const create = (options: Partial<CollectorOptions>) =>
    createCollector({
      keys: [{ key: writeKey, id: 'dev', origins: 'localhost' }],
      sinks: [webhookSink({ url, secret, format })],
      ...options,
    })
  let collector = create({})

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await collector.fetch(await toRequest(request))
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()))
  }
  const server = await listen((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })

  return {
    url: server.url,
    writeKey,
    configure(options) {
      collector = create(options)
    },
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

async function toRequest(request: IncomingMessage): Promise<Request> {
  const { method = 'GET', url = '/', headers } = request
  const body = method === 'GET' || method === 'HEAD' ? null : await readBody(request)
  return new Request(new URL(url, 'http://localhost'), { method, body, headers: headers as Record<string, string> })
}
