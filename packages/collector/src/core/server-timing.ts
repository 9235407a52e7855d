import type { Delivery } from './delivery.ts'

/** How long the parts of an answer took, in whole milliseconds of the collector's clock. */
export interface Stages {
  /** From the request to a batch that is checked, or to why there is none. */
  take: number
  /** How long the required sinks were waited for; absent where it never came to that. */
  sinks?: number
  /** What the sinks said that have answered. */
  deliveries?: readonly Delivery[]
}

/** A `Server-Timing` header (https://www.w3.org/TR/server-timing/): a metric a stage, `sink-<name>` for each sink. */
export function toServerTiming({ take, sinks, deliveries = [] }: Stages): string {
  const metrics: [name: string, ms: number | undefined][] = [
    ['take', take],
    ['sinks', sinks],
    ...deliveries.map(({ sink, ms }): [string, number | undefined] => [`sink-${sink.name}`, ms]),
  ]
  return metrics.flatMap(([name, ms]) => (ms === undefined ? [] : [`${name};dur=${Math.max(0, ms)}`])).join(', ')
}
