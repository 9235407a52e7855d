import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [cloudflareTest({ miniflare: { compatibilityDate: '2026-11-17', r2Buckets: ['EVENTS'] } })],
  test: { name: 'collector', include: ['{src,test}/**/*.test.ts'] },
})
