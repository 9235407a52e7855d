import type { SignatureCache } from '../../packages/collector/src/core/signature-cache.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** How likely each is, of one call. */
const [HANGS, FAILS, LOSES] = [0.03, 0.05, 0.1]

/** One cache that all collectors of a place share. It takes time, and may hang, fail or lose anything; it makes nothing up. */
export function createSimulatedCache(scheduler: Scheduler): { as: (caller: Life) => SignatureCache } {
  const entries = new Map<string, { text: string; until: number }>()

  async function travel(caller: Life): Promise<void> {
    const chance = scheduler.random()
    await scheduler.delay(scheduler.random() * 20, caller)
    if (chance < HANGS) await new Promise(() => {})
    if (chance < HANGS + FAILS) throw new Error('cache: internal error')
  }

  return {
    as: (caller) => ({
      async read(signature) {
        await travel(caller)
        const entry = entries.get(signature)
        if (entry && (scheduler.now() >= entry.until || scheduler.random() < LOSES)) entries.delete(signature)
        return entries.get(signature)?.text
      },
      async write(signature, text, seconds) {
        await travel(caller)
        entries.set(signature, { text, until: scheduler.now() + seconds * 1000 })
      },
      async forget(signature) {
        await travel(caller)
        entries.delete(signature)
      },
    }),
  }
}
