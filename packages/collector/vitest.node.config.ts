import { defineConfig } from 'vitest/config'
import { inParallel } from '../../test/harness/in-parallel.ts'
import { provideHostile } from './test/fuzz/provide-hostile.ts'

// The same collector in Node. What is a binding of workerd, or its Cache API, stays there.
export default defineConfig({
  test: {
    name: 'collector-node',
    ...inParallel,
    include: ['{src,test/fuzz,test/sinks}/**/*.test.ts', 'test/sinks.test.ts'],
    exclude: [
      'src/other-limits.test.ts',
      'src/sinks/r2-sink.test.ts',
      'src/binding-rate-limiter.test.ts',
      'src/signature-caches/workers-signature-cache.test.ts',
    ],
    // Memory is looked at after a collection of garbage.
    execArgv: ['--expose-gc'],
    provide: { hostile: provideHostile('node') },
  },
})
