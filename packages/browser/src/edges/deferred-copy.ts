import type { DeferredCopy } from '../core/send.ts'
import { composeRequest, type Target } from './compose-request.ts'

declare global {
  /** https://fetch.spec.whatwg.org/#fetchlater-method. Chromium has it, from 135 on. */
  var fetchLater: ((url: URL, init: RequestInit) => unknown) | undefined
}

/**
 * Where the browser has no `fetchLater` there is no copy, nor where it won't take one: it keeps 65,536 bytes for each
 * origin, address and headers included, and throws for what is above. The batch is in the buffer anyway.
 */
export function createDeferredCopy(target: Target): DeferredCopy {
  /** Ends the copy that the browser has. */
  let stop: AbortController | undefined
  let newest: string | undefined

  async function leaveCopy(text: string): Promise<void> {
    const { url, init } = await composeRequest(text, target)
    // Another was armed meanwhile, or none is wanted any more.
    if (text !== newest) return
    stop?.abort() // Not before: until now the older copy was better than none.
    stop = new AbortController()
    globalThis.fetchLater?.(url, { ...init, signal: stop.signal })
  }

  return {
    arm(text) {
      newest = text
      if (globalThis.fetchLater) leaveCopy(text).catch(() => {})
    },
    disarm() {
      newest = undefined
      stop?.abort()
    },
  }
}
