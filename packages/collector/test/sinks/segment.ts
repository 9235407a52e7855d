import { segmentSink } from '../../src/sinks/segment-sink.ts'
import type { SinkFixture } from '../sink-contract.ts'
import { fakeSegment } from './fake-segment.ts'

export function create(): SinkFixture {
  const { destination, fetch } = fakeSegment('abc123')
  const url = 'https://api.segment.io/v1/batch'
  return {
    sink: segmentSink({ url, writeKey: 'abc123', fetch }),
    destination,
    elsewhere: [
      segmentSink({ url, writeKey: 'def456', fetch }),
      segmentSink({ url: 'https://api.segment.io/v2/batch', writeKey: 'abc123', fetch }),
    ],
    secrets: ['abc123'],
  }
}
