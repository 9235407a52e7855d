import { hmacSha256 } from '@waybill/protocol'
import { inflate } from './core/inflate.ts'
import type { Platform } from './core/platform.ts'
import { sha256 } from './core/sha256.ts'

/** WebCrypto, streams and timers, as workerd and Node have them. */
export const webPlatform: Platform = {
  sha256,
  hmac: hmacSha256,
  inflate,
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
