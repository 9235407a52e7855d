import { defineConfig } from 'vitest/config'
import { scale } from './harness/scale.ts'

export default defineConfig({
  test: {
    name: 'e2e',
    environment: 'node',
    include: ['e2e/**/*.e2e.ts', 'harness/**/*.test.ts'],
    // A file has one collector, and a test one browser. They wait more than they work: two pairs fit on two cores, after
    // all that keeps both busy.
    maxWorkers: 2,
    sequence: { groupOrder: 2 },
    testTimeout: 180_000 * scale,
    hookTimeout: 60_000,
    expect: { poll: { interval: 20, timeout: 20_000 } },
    retry: 0,
  },
})
