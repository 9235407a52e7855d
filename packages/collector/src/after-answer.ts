import type { Context } from 'hono'

/** Lets work outlive the answer: workerd has to be asked to, Node does so by itself. */
export function afterAnswer(c: Context, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work)
  } catch {
    // Hono throws where there is no execution context.
  }
}
