import type { Result } from '@waybill/protocol'
import type { Bytes } from './bytes.ts'
import type { Beginning } from './read-up-to.ts'

/**
 * All that a collector asks for and that completes when the platform sees fit, its sinks apart. Handed in as a
 * parameter, so that a simulation can have every one of them complete on its own clock.
 */
export interface Platform {
  readonly sha256: (bytes: Bytes) => Promise<Bytes>
  /** HMAC-SHA256 (RFC 2104). */
  readonly hmac: (secret: Bytes, bytes: Bytes) => Promise<Bytes>
  /** Inflates gzip up to `max` bytes. Stops there: a bomb costs no more than a full batch. */
  readonly inflate: (gzipped: Bytes, max: number) => Promise<Result<Beginning, 'invalid_encoding'>>
  /** Runs `run` in so many milliseconds, unless what it returns is called before. */
  readonly after: (ms: number, run: () => void) => () => void
}
