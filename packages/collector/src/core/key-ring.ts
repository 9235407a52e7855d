import type { KeyTerms } from '@waybill/protocol'
import type { Origins } from './allows-origin.ts'
import type { Bytes } from './bytes.ts'
import type { Platform } from './platform.ts'
import { sameBytes } from './same-bytes.ts'

/** What lets a site write. It names the site and is no secret: it stands in the page's source. */
export interface WriteKey extends Omit<KeyTerms, 'origins'> {
  /** `wk_` and what you like of `A-Z a-z 0-9 _ -`. */
  readonly key: string
  /** `https://www.example.com`, each exactly as browsers send it; or `'localhost'`; or `'server'`, for who sends none. */
  readonly origins: Origins
  /**
   * Take only batches whose header has a token: a JWT that the site's backend has signed with one of these (HS256), each
   * at least 32 characters. Default: no token is asked for.
   */
  readonly tokenSecrets?: readonly string[]
}

/** Finds the write key that a request presents. */
export type KeyRing = (presented: string) => Promise<WriteKey | undefined>

/** Compares by hash and always with every key, so that the time taken tells nothing about any of them. */
export function createKeyRing(keys: readonly WriteKey[], sha256: Platform['sha256']): KeyRing {
  const hash = (text: string) => sha256(new TextEncoder().encode(text))
  // The hashes are kept, never the promise of them: in workerd a promise belongs to the request that began it.
  let hashes: Bytes[] | undefined
  return async function findKey(presented) {
    const wanted = await hash(presented)
    hashes ??= await Promise.all(keys.map(({ key }) => hash(key)))
    let found: WriteKey | undefined
    for (const [index, each] of hashes.entries()) {
      if (sameBytes(each, wanted)) found = keys[index]
    }
    return found
  }
}
