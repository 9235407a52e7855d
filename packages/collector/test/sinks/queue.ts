import { fromQueueMessage } from '../../src/core/queue-message.ts'
import { type MessageQueue, queueSink } from '../../src/sinks/queue-sink.ts'
import type { Destination, SinkFixture } from '../sink-contract.ts'

/** A queue that keeps its messages; `queues.test.ts` has the real one of workerd. */
export function create(): SinkFixture {
  const bodies: string[] = []
  const destination: Destination = {
    mode: 'works',
    async held({ batchId }) {
      const batches = bodies.flatMap((body) => fromQueueMessage(body) ?? [])
      return batches
        .filter((batch) => batch.batchId === batchId)
        .map(({ lines }) => lines.map((line) => new TextDecoder().decode(line)))
    },
  }
  const queue: MessageQueue = {
    async sendBatch(messages) {
      if (destination.mode === 'fails') throw new Error('Storage Limit Exceeded')
      if (destination.mode === 'hangs') await new Promise(() => {})
      for (const { body } of messages) bodies.push(body)
    },
  }
  return {
    sink: queueSink({ queue, queueName: 'batches' }),
    destination,
    elsewhere: [queueSink({ queue, queueName: 'others' })],
  }
}
