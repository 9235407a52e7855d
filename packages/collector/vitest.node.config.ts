import { defineConfig } from 'vitest/config'
import { provideHostile } from './test/fuzz/provide-hostile.ts'

// The same collector in Node. R2 is a binding of workerd and stays there.
export default defineConfig({
  test: {
    name: 'collector-node',
    include: ['{src,test/fuzz,test/sinks}/**/*.test.ts', 'test/sinks.test.ts'],
    exclude: ['src/sinks/r2-sink.test.ts'],
    // Memory is looked at after a collection of garbage.
    execArgv: ['--expose-gc'],
    provide: { hostile: provideHostile('node') },
  },
})
