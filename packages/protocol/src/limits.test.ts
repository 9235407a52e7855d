import { expect, test } from 'vitest'
import { limits } from './limits.ts'

test('the limits are part of the wire: lowering one strands what older senders have buffered', () => {
  expect(limits).toEqual({
    eventBytes: 45_056,
    propertiesBytes: 16_384,
    stateBytes: 16_384,
    depth: 32,
    batchEvents: 500,
    batchBytes: 524_288,
    bodyBytes: 524_288,
    headerBytes: 8_192,
  })
})

test('one event always fits into a batch with its header', () => {
  expect(limits.eventBytes + limits.headerBytes).toBeLessThan(limits.batchBytes)
  expect(limits.propertiesBytes + limits.stateBytes).toBeLessThan(limits.eventBytes)
})
