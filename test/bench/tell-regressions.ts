export interface Regression {
  /** What has become worse, and beside what. */
  words: string
  /** Whether it takes time, which another CPU takes more or less of. */
  isOfCpu: boolean
}

/**
 * Says what has become worse than the kept results, and lets the process fail. What takes time not on another CPU than
 * theirs: by how much ratios differ from one to the next nobody has measured.
 */
export function tellRegressions(
  regressions: readonly Regression[],
  { cpu, keptCpu }: { cpu: string; keptCpu: string },
): void {
  if (regressions.length === 0) {
    console.log('Nothing is worse than kept beyond the noise.')
    return
  }
  for (const { words, isOfCpu } of regressions) {
    const counts = !isOfCpu || cpu === keptCpu
    if (counts) process.exitCode = 1
    console.error(counts ? words : `${words}; that fails nothing: this is ${cpu}, what is kept is of ${keptCpu}`)
  }
}
