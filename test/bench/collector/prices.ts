/*
 * What Cloudflare asks and allows, from its documentation, as read on 2026-11-23. Prices in US dollars, of the Workers Paid
 * plan beyond what it includes; sizes in bytes of 1 KB = 1,000 bytes.
 */

export const READ_ON = '2026-11-23'

export const sources = {
  workers: 'https://developers.cloudflare.com/workers/platform/pricing/',
  workersLimits: 'https://developers.cloudflare.com/workers/platform/limits/',
  r2: 'https://developers.cloudflare.com/r2/pricing/',
  r2Limits: 'https://developers.cloudflare.com/r2/platform/limits/',
  queues: 'https://developers.cloudflare.com/queues/platform/pricing/',
  queuesLimits: 'https://developers.cloudflare.com/queues/platform/limits/',
} as const

export const prices = {
  /** Of a Worker, by million. */
  requests: 0.3,
  /** By million milliseconds. */
  cpuMs: 0.02,
  /** Of R2, by million: each `put` is one. */
  classA: 4.5,
  /** Of R2, by GB and month. */
  storage: 0.015,
  /** Of a queue, by million, one for each 64 KB that is written, read or deleted. */
  queueOperations: 0.4,
  /** Workers Logs, by million lines; other prices are announced for December 2026. */
  logs: 0.6,
} as const

export const free = { requestsPerDay: 100_000, cpuMs: 10 } as const

export const platformLimits = {
  /** Bytes that one operation of a queue covers. */
  queueOperation: 64_000,
  /** By queue. */
  messagesPerSecond: 5_000,
  /** Bytes of a message, its metadata included. */
  messageBytes: 128_000,
  metadataBytes: 100,
  /** By queue, in bytes. */
  backlogBytes: 25_000_000_000,
  /** Consumer invocations at once, by queue. */
  consumers: 250,
  /** By queue consumer invocation, where no `max_batch_size` is set. */
  messagesPerConsumer: 10,
} as const
