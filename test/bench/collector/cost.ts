import { free, platformLimits, prices } from './prices.ts'

/** What one batch is, as far as it costs. */
export interface BatchCost {
  events: number
  /** Milliseconds of a Worker. */
  cpuMs: number
  /** Of its lines, as the sink gets them. */
  bytes: number
}

/** Dollars for a million events. */
export interface Costs {
  requests: number
  cpu: number
  /** One object a batch. */
  r2Writes: number
  /** For a month. */
  r2Storage: number
  /**
   * What a queue before R2 adds: its messages written, read and deleted, the consumer's own requests and CPU time, and an
   * object for each message more than one.
   */
  queue: number
  /** A line a batch. */
  logs: number
}

/** The consumer has parsed and written as much as the collector: that it costs as much is more than it should. */
export function toCosts({ events, cpuMs, bytes }: BatchCost): Costs {
  const batches = 1 / events
  const messages = Math.ceil(bytes / LINES_IN_MESSAGE)
  const operations =
    3 * messages * Math.ceil((bytes / messages + platformLimits.metadataBytes) / platformLimits.queueOperation)
  const invocations = messages / platformLimits.messagesPerConsumer
  return {
    requests: batches * prices.requests,
    cpu: batches * cpuMs * prices.cpuMs,
    r2Writes: batches * prices.classA,
    r2Storage: ((bytes / events) * 1e6 * prices.storage) / 1e9,
    queue:
      batches *
      (operations * prices.queueOperations +
        invocations * prices.requests +
        cpuMs * prices.cpuMs +
        (messages - 1) * prices.classA),
    logs: batches * prices.logs,
  }
}

/** See `LINES_BYTES` in packages/collector/src/core/queue-message.ts. */
const LINES_IN_MESSAGE = 110_000

/** What a load of so many events a day asks of the platform. */
export interface Demand {
  requestsPerDay: number
  requestsPerSecond: number
  /** Of the sink's bytes, in GB. */
  gigabytesPerDay: number
  messagesPerSecond: number
  /** Queues that the messages need to be spread over. */
  queues: number
  /** How long one queue, at its share, can stand still before it is full, in seconds. */
  backlogSeconds: number
  /** Whether CPU and requests fit the free plan. */
  fitsFreePlan: boolean
}

/** @param peak how many times the mean the busiest second has */
export function toDemand({ events, cpuMs, bytes }: BatchCost, eventsPerDay: number, peak: number): Demand {
  const requestsPerDay = eventsPerDay / events
  const messages = Math.ceil(bytes / LINES_IN_MESSAGE)
  const messagesPerSecond = (requestsPerDay / 86_400) * messages
  const queues = Math.ceil((messagesPerSecond * peak) / platformLimits.messagesPerSecond)
  const bytesPerSecond = (requestsPerDay * bytes) / 86_400
  return {
    requestsPerDay,
    requestsPerSecond: requestsPerDay / 86_400,
    gigabytesPerDay: (requestsPerDay * bytes) / 1e9,
    messagesPerSecond,
    queues,
    backlogSeconds: platformLimits.backlogBytes / (bytesPerSecond / queues),
    fitsFreePlan: requestsPerDay <= free.requestsPerDay && cpuMs <= free.cpuMs,
  }
}
