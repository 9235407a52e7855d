import { spawnSync } from 'node:child_process'

/** Ends a process and everything it started, at once and without a word. No group any more is no fault. */
export function killGroup(leader: number): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(leader), '/T', '/F'])
    return
  }
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
