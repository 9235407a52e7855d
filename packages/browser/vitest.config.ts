import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumFlags, findChromium } from '../../test/browsers/find-chromium.ts'
import { profile } from './test/profile.ts'

const executablePath = findChromium()

const launchOptions = {
  ...(executablePath ? { executablePath } : {}),
  args: chromiumFlags,
}

// The SDK where it lives: real Chromium, real IndexedDB, real Web Locks, and a real HTTP server to talk to.
export default defineConfig({
  publicDir: 'test/pages',
  optimizeDeps: { include: ['idb-keyval'] },
  // A sandboxed page has no origin, and loads the SDK all the same.
  server: { cors: { origin: '*' } },
  test: {
    name: 'browser',
    globalSetup: ['test/profile.ts', 'test/stand-in-collector.ts'],
    testTimeout: 15_000,
    expect: { poll: { interval: 20, timeout: 10_000 } },
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions, persistentContext: profile }),
      instances: [
        {
          browser: 'chromium',
          name: 'browser (profile)',
          include: ['src/edges/*.test.ts', 'test/browser/*.test.ts'],
        },
        {
          // Chromium keeps the IndexedDB of a private window in another backend, which writes one transaction at a time.
          browser: 'chromium',
          name: 'browser (private window)',
          include: [
            'src/edges/indexed-db-store.test.ts',
            'test/browser/indexed-db.test.ts',
            'test/browser/leaving.test.ts',
          ],
          provider: playwright({ launchOptions }),
        },
      ],
    },
  },
})
