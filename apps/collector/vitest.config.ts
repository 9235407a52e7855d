import { defineConfig } from 'vitest/config'
import { inParallel } from '../../test/harness/in-parallel.ts'

export default defineConfig({
  test: { name: 'app-collector', ...inParallel, include: ['*.test.ts', 'scripts/*.test.ts'] },
})
