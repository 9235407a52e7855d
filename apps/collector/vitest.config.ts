import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'app-collector', include: ['*.test.ts', 'scripts/*.test.ts'] } })
