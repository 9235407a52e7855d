/**
 * Says what has become worse than the kept results, and lets the process fail. Not on another CPU than theirs: by how much
 * ratios differ from one to the next nobody has measured.
 *
 * @param regressions in words
 */
export function tellRegressions(
  regressions: readonly string[],
  { cpu, keptCpu }: { cpu: string; keptCpu: string },
): void {
  if (regressions.length === 0) {
    console.log('Nothing is worse than kept beyond the noise.')
    return
  }
  for (const regression of regressions) console.error(regression)
  if (cpu === keptCpu) process.exitCode = 1
  else console.error(`That fails nothing: this is ${cpu}, and what is kept was measured on ${keptCpu}.`)
}
