import type { Hono } from 'hono'
import { harmless } from './core/harmless.ts'
import { createBase } from './create-base.ts'
import type { CollectorOptions } from './options.ts'

/**
 * A collector that answers every request with 500 and logs why. For deployments whose configuration is only read
 * when the first request comes: the clients keep their events, and the log names the setting and the mend.
 */
export function misconfiguredCollector(
  error: Error,
  { log = () => {}, now = Date.now }: Pick<CollectorOptions, 'log' | 'now'> = {},
): Hono {
  return createBase(harmless(log), now).all('*', () => {
    throw error
  })
}
