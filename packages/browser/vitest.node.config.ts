import { defineConfig } from 'vitest/config'
import { inParallel } from '../../test/harness/in-parallel.ts'

// What needs no browser: the pure core, the flows over a memory store, and the package in plain Node.
export default defineConfig({
  test: {
    name: 'browser-core',
    ...inParallel,
    // Small files that share nothing: a worker for each costs as much as their tests.
    isolate: false,
    include: [
      'src/{core,flows}/**/*.test.ts',
      'src/*.test.ts',
      'src/edges/memory-store.test.ts',
      'test/node/*.test.ts',
    ],
  },
})
