/** Which trace a presentation is part of (W3C Trace Context, https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 hex digits, as logs name it. */
  readonly traceId: string
  /** The whole header, as it goes on. */
  readonly traceparent: string
  /** What vendors add to it. Never there without a `traceparent` that came along. */
  readonly tracestate?: string
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
/** Printable ASCII, as much of it as the specification asks everybody to pass on. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/

/**
 * The trace that a request is part of; nothing where its `traceparent` is none, and then its `tracestate` says nothing
 * either (section 3.2). What a later version of the header adds is left out, as it is handed on as version 00.
 */
export function parseTrace(traceparent: string | undefined, tracestate: string | undefined): TraceContext | undefined {
  if (traceparent === undefined) return
  const [, version, traceId = '', parentId = '', flags, more] = TRACEPARENT.exec(traceparent) ?? []
  if (!version || version === 'ff' || (version === '00' && more)) return
  if (isZero(traceId) || isZero(parentId)) return
  return {
    traceId,
    traceparent: `00-${traceId}-${parentId}-${flags}`,
    ...(tracestate !== undefined && TRACESTATE.test(tracestate) ? { tracestate } : {}),
  }
}

/**
 * A new trace for a batch that came without one, not sampled. It is taken from the digest of the client's lines, 64 hex
 * digits that are as good as random: all presentations of a batch are of one trace, whichever collector had them.
 */
export function toTrace(clientDigest: string): TraceContext {
  const traceId = clientDigest.slice(0, 32)
  return { traceId, traceparent: `00-${traceId}-${clientDigest.slice(32, 48)}-00` }
}

const isZero = (id: string): boolean => /^0+$/.test(id)
