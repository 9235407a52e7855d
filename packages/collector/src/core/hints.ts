import type { Platform } from './platform.ts'
import { parseRemembered, type Remembered } from './signature.ts'
import type { SignatureCache } from './signature-cache.ts'
import { within } from './within.ts'

/** A cache is waited for this long, in milliseconds: more than one that works takes, and less than anyone notices. */
const PATIENCE = 250

/** What a signature cache knows, and what it is told. None of it ever rejects, or hangs. */
export interface Hints {
  recall: (signature: string) => Promise<Remembered | undefined>
  remember: (signature: string, what: Remembered, seconds: number) => Promise<void>
  forget: (signature: string) => Promise<void>
}

/** A cache that fails or hangs is one that knows nothing. */
export function createHints(cache: SignatureCache, after: Platform['after']): Hints {
  const patiently = <Value>(ask: () => Promise<Value> | Value): Promise<Value | undefined> =>
    within(PATIENCE, ask, after).catch(() => undefined)

  return {
    recall: async (signature) => parseRemembered(await patiently(() => cache.read(signature))),
    remember: (signature, what, seconds) => patiently(() => cache.write(signature, JSON.stringify(what), seconds)),
    forget: (signature) => patiently(() => cache.forget(signature)),
  }
}
