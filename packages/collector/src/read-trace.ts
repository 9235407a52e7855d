import type { Context } from 'hono'
import { parseTrace, type TraceContext, toTrace } from './core/trace-context.ts'

/** The trace that a request is part of, or a new one for its batch. */
export const readTrace = (c: Context, clientDigest: string): TraceContext =>
  parseTrace(c.req.header('traceparent'), c.req.header('tracestate')) ?? toTrace(clientDigest)
