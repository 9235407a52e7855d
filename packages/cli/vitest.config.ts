import { defineConfig } from 'vitest/config'
import { inParallel } from '../../test/harness/in-parallel.ts'

export default defineConfig({ test: { name: 'cli', ...inParallel, include: ['{src,test}/**/*.test.ts'] } })
