import type { Batch } from './batch.ts'

/** The headers by which a sink's request to its destination is of the same trace as the batch; none where it has no trace. */
export function traceHeaders({ trace }: Pick<Batch, 'trace'>): Record<string, string> {
  if (!trace) return {}
  const { traceparent, tracestate } = trace
  return { traceparent, ...(tracestate === undefined ? {} : { tracestate }) }
}
