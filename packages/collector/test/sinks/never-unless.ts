/** What a `fetch` does whose destination hangs: nothing, until its signal fires. */
export const neverUnless = (signal: AbortSignal | null | undefined): Promise<never> =>
  new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
