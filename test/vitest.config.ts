import { defineConfig } from 'vitest/config'
import { scale } from './harness/scale.ts'

export default defineConfig({
  test: {
    name: 'e2e',
    environment: 'node',
    include: ['e2e/**/*.e2e.ts', 'harness/**/*.test.ts'],
    // A file has one collector, and a test one browser: on two cores a second pair would slow both.
    fileParallelism: false,
    testTimeout: 90_000 * scale,
    hookTimeout: 60_000,
    expect: { poll: { interval: 20, timeout: 20_000 } },
    retry: 0,
  },
})
