declare module 'cloudflare:workers' {
  import type { Queue, R2Bucket } from '@cloudflare/workers-types'

  /** The bindings of vitest.config.ts. */
  export const env: { EVENTS: R2Bucket; BATCHES: Queue; ONE: Queue; OTHER: Queue }
}
