import type { KeyTerms } from '@waybill/protocol'
import type { Origins } from './allows-origin.ts'
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
export type KeyRing = (presented: string) => WriteKey | undefined

const encoder = new TextEncoder()

/** Compares with every key, and every byte: the time taken tells how long keys are, and nothing else about any of them. */
export function createKeyRing(keys: readonly WriteKey[]): KeyRing {
  const texts = keys.map(({ key }) => encoder.encode(key))
  return function findKey(presented) {
    const wanted = encoder.encode(presented)
    let found: WriteKey | undefined
    for (const [index, text] of texts.entries()) {
      if (text.length === wanted.length && sameBytes(text, wanted)) found = keys[index]
    }
    return found
  }
}
