import { clickhouseSink } from '../../src/sinks/clickhouse-sink.ts'
import type { SinkFixture } from '../sink-contract.ts'
import { fakeClickhouse } from './fake-clickhouse.ts'

const password = 'pa55word'

export function create(): SinkFixture {
  const { destination, fetch } = fakeClickhouse({ user: 'waybill', password, table: 'analytics.events' })
  const options = { url: 'https://clickhouse.example:8443', user: 'waybill', password, fetch }
  return {
    sink: clickhouseSink({ ...options, table: 'analytics.events' }),
    destination,
    elsewhere: [
      clickhouseSink({ ...options, table: 'analytics.other' }),
      clickhouseSink({ ...options, table: 'analytics.events', user: 'another' }),
      clickhouseSink({ ...options, table: 'analytics.events', url: 'https://clickhouse.example:9443' }),
    ],
    secrets: [password],
  }
}
