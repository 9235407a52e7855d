/** How often it is looked at, in milliseconds: there is no event for it. */
const EVERY = 1_000

/**
 * Resolves when the process that started this one has ended. npm needs this: asked to stop, `npx` and the shell that it
 * starts end at once, and tell a program below that shell nothing. Does not keep the process alive.
 */
export function parentEnded(parent: () => number = () => process.ppid, every: number = EVERY): Promise<void> {
  const first = parent()
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (parent() === first) return
      clearInterval(timer)
      resolve()
    }, every)
    timer.unref()
  })
}

/** Whether npm, or what does as npm does, started this: a shell may well leave a program behind on purpose. */
export const isStartedByNpm = ({ npm_command, npm_execpath }: NodeJS.ProcessEnv): boolean =>
  (npm_command ?? npm_execpath) !== undefined
