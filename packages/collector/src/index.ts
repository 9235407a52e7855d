// To write a sink of one's own.
export { fail, type KeyLimits, type KeyTerms, ok, type Rate, type Result, type SigningKey } from '@waybill/protocol'
export { type BindingRateLimiterOptions, bindingRateLimiter, type RateLimitBinding } from './binding-rate-limiter.ts'
export type { SinkCheck } from './check-sinks.ts'
export type { Origins } from './core/allows-origin.ts'
export type { Batch } from './core/batch.ts'
export type { BatchLog, SinkOutcome } from './core/batch-log.ts'
export type { Bytes } from './core/bytes.ts'
export { ConfigurationError } from './core/configuration-error.ts'
export type { WriteKey } from './core/key-ring.ts'
export { parseJson } from './core/parse-json.ts'
export { parseSigningKeys } from './core/parse-signing-keys.ts'
export { parseWriteKeys } from './core/parse-write-keys.ts'
export type { RateLimiter } from './core/rate-limiter.ts'
export type { ReceiptFault, ReceiptKey } from './core/receipt.ts'
export type { EnrichOptions } from './core/sender.ts'
export type { SignatureCache } from './core/signature-cache.ts'
export type { Revocation } from './core/signed-key-ring.ts'
export type { Idempotency, RefusalFault, Sink, SinkFault, TransientFault } from './core/sink.ts'
export { traceHeaders } from './core/trace-headers.ts'
export { withDeadLetter } from './core/with-dead-letter.ts'
export { createCollector } from './create-collector.ts'
export {
  type CollectorConfiguration,
  type CollectorDefinition,
  type ConfiguredCollector,
  defineCollector,
} from './define-collector.ts'
export type { Setting } from './describe-options.ts'
export { memoryRateLimiter } from './memory-rate-limiter.ts'
export { misconfiguredCollector } from './misconfigured-collector.ts'
export type { CollectorOptions, ResolvedOptions } from './options.ts'
export {
  createQueueConsumer,
  type QueueConsumer,
  type QueueConsumerOptions,
  type QueueContext,
  type QueuedMessage,
  type QueuedMessages,
  type QueueLog,
} from './queue-consumer.ts'
export { type MemorySignatureCacheOptions, memorySignatureCache } from './signature-caches/memory-signature-cache.ts'
export { noSignatureCache } from './signature-caches/no-signature-cache.ts'
export { workersSignatureCache } from './signature-caches/workers-signature-cache.ts'
export { type ClickhouseSinkOptions, clickhouseSink } from './sinks/clickhouse-sink.ts'
export { type ConsoleSinkOptions, consoleSink } from './sinks/console-sink.ts'
export { type MessageQueue, type QueueSinkOptions, queueSink } from './sinks/queue-sink.ts'
export { type Bucket, type R2SinkOptions, r2Sink } from './sinks/r2-sink.ts'
export { type S3SinkOptions, s3Sink } from './sinks/s3-sink.ts'
export { type SegmentSinkOptions, segmentSink } from './sinks/segment-sink.ts'
export { type WebhookSinkOptions, webhookSink } from './sinks/webhook-sink.ts'
