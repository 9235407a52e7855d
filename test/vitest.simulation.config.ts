import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'simulation',
    environment: 'node',
    include: ['simulation/**/*.test.ts'],
    // It keeps every core busy, which browsers need: in a group of its own.
    sequence: { groupOrder: 1 },
    retry: 0,
  },
})
