import {
  type Bucket,
  clickhouseSink,
  consoleSink,
  queueSink,
  r2Sink,
  type Sink,
  s3Sink,
  segmentSink,
  webhookSink,
} from '../src/index.ts'
import { fileSink } from '../src/node.ts'

const bucket: Bucket = { head: async () => null, put: async () => null }
const password = 'secret'

/** One of each kind, by the name of the function that makes it. */
export const examples: Readonly<Record<string, Sink>> = {
  r2Sink: r2Sink({ bucket, bucketName: 'events' }),
  s3Sink: s3Sink({
    url: 'https://my-bucket.s3.eu-central-1.amazonaws.com',
    region: 'eu-central-1',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: password,
  }),
  clickhouseSink: clickhouseSink({ url: 'https://clickhouse.example:8443', user: 'waybill', password }),
  fileSink: fileSink({ dir: './events' }),
  queueSink: queueSink({ queue: { sendBatch: async () => {} }, queueName: 'batches' }),
  webhookSink: webhookSink({ url: 'https://example.com/hook' }),
  segmentSink: segmentSink({ url: 'https://api.segment.io/v1/batch', writeKey: 'abc123' }),
  consoleSink: consoleSink(),
}

/** What each sink says of itself, as Markdown. */
export function toSinkTable(sinks: Readonly<Record<string, Sink>>): string {
  const rows = Object.entries(sinks).map(
    ([
      make,
      {
        guarantee,
        required,
        idempotency: { key, window },
        ready,
      },
    ]) => [`\`${make}\``, guarantee, required ? 'yes' : 'no', key, window, ready ? 'yes' : 'no'],
  )
  const head = ['Sink', 'What it has is', 'Required', 'A repeat is told by', 'For how long', '`ready`']
  return ['', ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`), ''].join('\n')
}
