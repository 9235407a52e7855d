import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { name: 'simulation', environment: 'node', include: ['simulation/**/*.test.ts'], retry: 0 },
})
