/** What is in use after a collection of garbage that was forced, where that can be done: in Node. */
export function heapBytes(): number | undefined {
  const { gc } = globalThis as { gc?: () => void }
  const { process } = globalThis as { process?: { memoryUsage?: () => { heapUsed: number; arrayBuffers: number } } }
  if (!gc || !process?.memoryUsage) return
  gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
