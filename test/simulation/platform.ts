import { createHash, createHmac } from 'node:crypto'
import type { Platform } from '../../packages/collector/src/core/platform.ts'
import { inflateAtOnce } from './inflate-at-once.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** What a collector asks of its platform, done at once or by the scheduler: nothing of it completes anywhere else. */
export function simulatedPlatform(scheduler: Scheduler, life: Life): Platform {
  return {
    sha256: async (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    hmac: async (secret, bytes) => new Uint8Array(createHmac('sha256', secret).update(bytes).digest()),
    inflate: inflateAtOnce,
    after: (ms, run) => scheduler.after(ms, run, life),
  }
}
