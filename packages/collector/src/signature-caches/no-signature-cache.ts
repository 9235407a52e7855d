import type { SignatureCache } from '../core/signature-cache.ts'

/** Remembers nothing. Each presentation is handed to the sinks, and all still gets through. */
export const noSignatureCache: SignatureCache = {
  read: () => undefined,
  write: () => {},
  forget: () => {},
}
