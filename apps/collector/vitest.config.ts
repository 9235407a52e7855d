import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'app-collector', include: ['{src,scripts}/**/*.test.ts'] } })
