import { defineConfig } from 'vitest/config'

// The same collector in Node. R2 is a binding of workerd and stays there.
export default defineConfig({
  test: {
    name: 'collector-node',
    include: ['src/**/*.test.ts', 'test/sinks.test.ts', 'test/sinks/*.test.ts'],
    exclude: ['src/sinks/r2-sink.test.ts'],
  },
})
