import type { Platform } from '../src/core/platform.ts'

/** Timers that fire when a test says so. */
export interface Timers {
  after: Platform['after']
  /** Fires the oldest one that was set to so many milliseconds, as soon as there is one. */
  fire: (ms: number) => Promise<void>
  /** Those that nobody has called off, in milliseconds. */
  readonly waiting: number[]
}

export function createTimers(): Timers {
  const timers = new Set<{ ms: number; run: () => void }>()
  const listeners = new Set<() => void>()
  return {
    after(ms, run) {
      const timer = { ms, run }
      timers.add(timer)
      for (const hear of listeners) hear()
      return () => timers.delete(timer)
    },
    async fire(ms) {
      for (;;) {
        for (const timer of timers) {
          if (timer.ms !== ms) continue
          timers.delete(timer)
          timer.run()
          return
        }
        await new Promise<void>((resolve) => {
          const hear = () => {
            listeners.delete(hear)
            resolve()
          }
          listeners.add(hear)
        })
      }
    },
    get waiting() {
      return [...timers].map(({ ms }) => ms)
    },
  }
}
