import type { QueuedMessages } from '../src/queue-consumer.ts'

type Handler = (batch: QueuedMessages) => Promise<void>

const handlers = new Map<string, Handler>()

/** Has a test see what the queue delivers. */
export function onQueue(queue: string, handler: Handler): void {
  handlers.set(queue, handler)
}

/** The Worker that consumes the queues of vitest.config.ts. What comes before a test asks for it waits for its next try. */
export default {
  async queue(batch: QueuedMessages): Promise<void> {
    const handler = handlers.get(batch.queue)
    if (!handler) throw new Error(`no test asks for ${batch.queue}`)
    await handler(batch)
  },
}
