/** Resolves after so many ms. A longer timer than 2^31 - 1 ms would fire at once. */
export const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.min(ms, 0x7fffffff)))
