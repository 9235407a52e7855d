declare module 'cloudflare:workers' {
  import type { Queue, R2Bucket, RateLimit } from '@cloudflare/workers-types'

  /** The bindings of vitest.config.ts. */
  export const env: { EVENTS: R2Bucket; RATE_LIMIT: RateLimit; BATCHES: Queue; ONE: Queue; OTHER: Queue }
}
