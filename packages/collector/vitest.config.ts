import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { provideHostile } from './test/fuzz/provide-hostile.ts'

export default defineConfig({
  plugins: [
    cloudflareTest({
      miniflare: {
        compatibilityDate: '2026-11-17',
        r2Buckets: ['EVENTS'],
        ratelimits: { RATE_LIMIT: { namespace_id: '1', simple: { limit: 30, period: 60 } } },
      },
    }),
  ],
  test: {
    name: 'collector',
    provide: { hostile: provideHostile('workerd') },
    include: ['{src,test}/**/*.test.ts'],
    // Nothing of the platform is in them: Node will do.
    exclude: ['src/core/sender.test.ts', 'src/memory-rate-limiter.test.ts'],
  },
})
