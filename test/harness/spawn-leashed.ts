import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** Stdin is the leash: the whole process group ends when it does. */
export type Leashed = ChildProcessByStdio<Writable, Readable, Readable> & { pid: number }

const LEASH = join(import.meta.dirname, 'leash.ts')

/** Starts a command as a process group of its own, which `killGroup(pid)` ends, and which does not outlive this process. */
export function spawnLeashed(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Leashed {
  const child = spawn(process.execPath, [LEASH, command, ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  if (child.pid === undefined) throw new Error(`${command} could not be started`)
  return child as Leashed
}
