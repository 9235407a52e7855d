import { median } from '../median.ts'
import type { CountingSink } from './counting-sink.ts'
import { readUsage } from './cpu-time.ts'
import type { Encoding, Pool } from './make-batches.ts'
import { presentPool } from './present-pool.ts'
import type { Server, ServerName } from './start-servers.ts'

/** One server, one kind of batch, one round. */
export interface Sample {
  eventsPerSecond: number
  /** CPU time of the server, in microseconds. */
  cpuPerBatch: number
  /** What share of the time the server was computing: below 1 it waited, or others had its core. */
  busy: number
  /** In milliseconds, at full load. */
  p50: number
  p99: number
  batches: number
  missing: number
  repeated: number
  /** Batches of which the sink heard the right digest. */
  digested: number
}

/** A kind of batch, and how many of them are in a round. */
export interface Kind {
  events: number
  encoding: Encoding
  batches: number
}

/** So many requests are under way at once: enough that the server never waits for one. */
const CONNECTIONS = 8

/** What knows no repeats gets the same batches again until this is over, in seconds. */
const LEAST_SECONDS = 0.1

/** Presents a pool to a server. Throws when an answer is no 2xx, or the sink did not get just what was answered for. */
export async function measure(server: Server, sink: CountingSink, pool: Pool): Promise<Sample> {
  sink.expect(pool)
  const before = readUsage(server.pid)
  const { answered, batches, seconds, latencies, failures } = await presentPool(
    pool,
    { port: server.port, path: '/v1/events' },
    { connections: CONNECTIONS, leastSeconds: server.knowsRepeats ? 0 : LEAST_SECONDS },
  )
  const cpu = readUsage(server.pid).cpu - before.cpu
  if (failures.length > 0) throw new Error(`${server.name}: ${failures.length} answers like ${failures[0]}`)
  const arrived = sink.arrived(answered)
  if (arrived.missing > 0 || arrived.repeated > 0) {
    throw new Error(`${server.name}: ${arrived.missing} events are missing at the sink, ${arrived.repeated} repeated`)
  }
  if (server.knowsRepeats && arrived.digested < batches) {
    throw new Error(`${server.name}: ${batches - arrived.digested} batches came without the digest of their lines`)
  }
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return {
    eventsPerSecond: (batches * pool.events) / seconds,
    cpuPerBatch: cpu / batches,
    busy: cpu / 1e6 / seconds,
    p50: at(0.5),
    p99: at(0.99),
    batches,
    ...arrived,
  }
}

/** The medians of one server and kind. */
export interface Row extends Sample {
  server: ServerName
  events: number
  encoding: Encoding
  /** CPU of the bare forwarder of the same runtime over this one's. */
  ofForwarder?: Ratios
  /** Events per second of this one over the forwarder's. */
  speedOfForwarder?: Ratios
  /** Of Waybill: CPU of what parses and writes anew, in the same runtime, over this one's. */
  ofParser?: Ratios
}

/** Taken each time from what was measured with the same batches. */
export interface Ratios extends Spread {
  /** So many were more than 1… */
  above: number
  /** …of so many. */
  of: number
}

export interface Spread {
  least: number
  median: number
  most: number
}

export const spread = (values: readonly number[]): Spread => ({
  least: Math.min(...values),
  median: median(values),
  most: Math.max(...values),
})

/** A number for a file and a table: three digits that mean something. */
export const round = (value: number): number => Number(value.toPrecision(3))
