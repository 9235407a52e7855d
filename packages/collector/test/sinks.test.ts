import { sinkContract } from './sink-contract.ts'

// To add a sink, add a line: CONTRIBUTING.md says how.
sinkContract('the recording sink of the tests', () => import('./sinks/recording.ts'))
sinkContract('the R2 sink', () => import('./sinks/r2.ts'), 'workerd')
sinkContract('the webhook sink', () => import('./sinks/webhook.ts'))
sinkContract('the S3 sink', () => import('./sinks/s3.ts'))
sinkContract('the ClickHouse sink', () => import('./sinks/clickhouse.ts'))
sinkContract('the Segment sink', () => import('./sinks/segment.ts'))
sinkContract('the console sink', () => import('./sinks/console.ts'))
