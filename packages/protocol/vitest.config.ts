import { defineConfig } from 'vitest/config'
import { inParallel } from '../../test/harness/in-parallel.ts'

export default defineConfig({
  test: { name: 'protocol', ...inParallel, isolate: false, include: ['src/**/*.test.ts'] },
})
