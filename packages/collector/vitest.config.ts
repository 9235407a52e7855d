import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { inParallel } from '../../test/harness/in-parallel.ts'
import { provideHostile } from './test/fuzz/provide-hostile.ts'

const consumer = { maxBatchSize: 10, maxBatchTimeout: 0, retryDelay: 0 }

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: 'test/queue-worker.ts',
      miniflare: {
        compatibilityDate: '2026-11-17',
        r2Buckets: ['EVENTS'],
        ratelimits: { RATE_LIMIT: { namespace_id: '1', simple: { limit: 30, period: 60 } } },
        queueProducers: { BATCHES: 'batches', ONE: 'one', OTHER: 'other' },
        queueConsumers: {
          batches: { ...consumer, maxRetries: 3, deadLetterQueue: 'dead' },
          one: consumer,
          other: { ...consumer, maxRetries: 3 },
          dead: consumer,
        },
      },
    }),
  ],
  test: {
    name: 'collector',
    ...inParallel,
    include: ['{src,test}/**/*.test.ts'],
    // A file costs two seconds here. test/queues.test.ts has queues whole; their parts are tested in Node.
    exclude: [
      'src/node/!(node-platform).test.ts',
      'src/**/queue-*.test.ts',
      'src/core/sender.test.ts',
      'src/memory-rate-limiter.test.ts',
    ],
    provide: { hostile: provideHostile('workerd') },
  },
})
