import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { provideHostile } from './test/fuzz/provide-hostile.ts'

export default defineConfig({
  plugins: [cloudflareTest({ miniflare: { compatibilityDate: '2026-11-17', r2Buckets: ['EVENTS'] } })],
  test: { name: 'collector', include: ['{src,test}/**/*.test.ts'], provide: { hostile: provideHostile('workerd') } },
})
