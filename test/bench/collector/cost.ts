import { platformLimits, prices } from './prices.ts'

/** What one batch is, as far as it costs. */
export interface BatchCost {
  events: number
  /** Milliseconds of a Worker. */
  cpuMs: number
  /** Of its lines, as the client made them. */
  lineBytes: number
  /** Of its lines, as the sink gets them. */
  bytes: number
}

/** What `received` adds to each line, in bytes. */
export const RECEIVED = 155

/** What a batch is in a queue. */
export interface Messages {
  count: number
  /** Of one of them, without what the platform adds. */
  bytes: number
}

/** They are cut by the client's bytes. */
export function toMessages({ lineBytes }: Pick<BatchCost, 'lineBytes'>): Messages {
  const count = Math.ceil(lineBytes / LINES_IN_MESSAGE)
  return { count, bytes: lineBytes / count + ENVELOPE }
}

/** See `LINES_BYTES` in packages/collector/src/core/queue-message.ts. */
const LINES_IN_MESSAGE = 110_000

/** Bytes of a message's first line. */
const ENVELOPE = 660

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
export function toCosts({ events, cpuMs, lineBytes, bytes }: BatchCost): Costs {
  const batches = 1 / events
  const messages = toMessages({ lineBytes })
  const operations =
    3 * messages.count * Math.ceil((messages.bytes + platformLimits.metadataBytes) / platformLimits.queueOperation)
  const invocations = messages.count / platformLimits.messagesPerConsumer
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
        (messages.count - 1) * prices.classA),
    logs: batches * prices.logs,
  }
}

/** What a load of so many events a day asks of the platform. */
export interface Demand {
  requestsPerDay: number
  requestsPerSecond: number
  /** Of the sink's bytes, in GB. */
  gigabytesPerDay: number
  messagesPerSecond: number
  /** Queues that the messages need to be spread over. */
  queues: number
  /** How long one queue, at its share of the busiest seconds, can stand still before it is full, in seconds. */
  backlogSeconds: number
}

/** @param peak how many times the mean the busiest second has */
export function toDemand({ events, lineBytes, bytes }: BatchCost, eventsPerDay: number, peak: number): Demand {
  const requestsPerDay = eventsPerDay / events
  const messages = toMessages({ lineBytes })
  const messagesPerSecond = (requestsPerDay / 86_400) * messages.count
  const queues = Math.ceil((messagesPerSecond * peak) / platformLimits.messagesPerSecond)
  return {
    requestsPerDay,
    requestsPerSecond: requestsPerDay / 86_400,
    gigabytesPerDay: (requestsPerDay * bytes) / 1e9,
    messagesPerSecond,
    queues,
    backlogSeconds: platformLimits.backlogBytes / ((messagesPerSecond * messages.bytes * peak) / queues),
  }
}
