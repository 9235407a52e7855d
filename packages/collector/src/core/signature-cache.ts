/**
 * Remembers what became of a presentation, for whoever has to do with the same one next: another request, or another
 * collector. It is a hint: it may forget anything at any time, be empty, be late or fail, and then a batch is handed to its
 * sinks once more. What it must not do is make up or mix up. Holds texts, never promises: in workerd a promise belongs to
 * the request that began it. One that knows at once answers with no promise, and is spared the timer of those that may hang.
 */
export interface SignatureCache {
  /** The text that was written last, or nothing. */
  read(signature: string): Promise<string | undefined> | string | undefined
  /** @param seconds after which it is forgotten, from 1 */
  write(signature: string, text: string, seconds: number): Promise<void> | void
  forget(signature: string): Promise<void> | void
}
