import { expect, test } from 'vitest'
import { parseTrace, toTrace } from './trace-context.ts'
import { traceHeaders } from './trace-headers.ts'

// The examples of the specification, https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`

test('a trace goes on as it came', () => {
  expect(parseTrace(traceparent, 'rojo=00f067aa0ba902b7')).toEqual({
    traceId,
    traceparent,
    tracestate: 'rojo=00f067aa0ba902b7',
  })
  expect(parseTrace(traceparent, undefined)).toEqual({ traceId, traceparent })
})

test('of a later version, what we know goes on', () => {
  expect(parseTrace(`cc-${traceId}-00f067aa0ba902b7-01-what-the-future-brings`, undefined)).toEqual({
    traceId,
    traceparent,
  })
})

test.each([
  ['nothing', undefined],
  ['another length', `00-${traceId}-00f067aa0ba902b7-011`],
  ['more than its version knows', `${traceparent}-x`],
  ['upper case', traceparent.toUpperCase()],
  ['the version that never is', `ff-${traceId}-00f067aa0ba902b7-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  ['a parent id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['two headers in one', `${traceparent}, ${traceparent}`],
  ['a line break', `${traceparent}\n`],
])('%s is no trace', (_, header) => {
  expect(parseTrace(header, 'rojo=1')).toBeUndefined()
})

test.each(['', 'a=1\r\nx: y', 'ü=1', `a=${'1'.repeat(511)}`])('a tracestate that is none is left out: %j', (state) => {
  expect(parseTrace(traceparent, state)).toEqual({ traceId, traceparent })
})

test('a batch that came without a trace gets one that is the same on every repeat', () => {
  const digest = '0123456789abcdef'.repeat(4)
  const trace = toTrace(digest)
  expect(trace).toEqual(toTrace(digest))
  expect(parseTrace(trace.traceparent, undefined)).toEqual(trace)
})

test('what goes out are the two headers, or none', () => {
  const tracestate = 'rojo=1'
  expect(traceHeaders({ trace: { traceId, traceparent, tracestate } })).toEqual({ traceparent, tracestate })
  expect(traceHeaders({})).toEqual({})
})
