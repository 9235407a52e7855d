import type { SignatureCache } from '../core/signature-cache.ts'

export interface MemorySignatureCacheOptions {
  /** How many characters it holds at most, signatures included; the oldest give way. Default 4,194,304. */
  maxCharacters?: number
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
}

/** For one process: a Node server, or one isolate of a Worker. */
export function memorySignatureCache({
  maxCharacters = 4_194_304,
  now = Date.now,
}: MemorySignatureCacheOptions = {}): SignatureCache {
  // In the order in which they were written.
  const entries = new Map<string, { text: string; until: number }>()
  let characters = 0

  function drop(signature: string): void {
    const entry = entries.get(signature)
    if (entry) characters -= signature.length + entry.text.length
    entries.delete(signature)
  }

  return {
    read(signature) {
      const entry = entries.get(signature)
      if (entry && now() < entry.until) return entry.text
      drop(signature)
    },
    write(signature, text, seconds) {
      drop(signature)
      entries.set(signature, { text, until: now() + seconds * 1000 })
      characters += signature.length + text.length
      for (const oldest of entries.keys()) {
        if (characters <= maxCharacters) return
        drop(oldest)
      }
    },
    forget(signature) {
      drop(signature)
    },
  }
}
