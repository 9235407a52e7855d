import { readdirSync, readFileSync } from 'node:fs'

/** What a process and those that it has started have used until now. */
export interface Usage {
  /** User and system, in microseconds. */
  cpu: number
  /** The most memory that was resident at once, and what is resident now; in megabytes. */
  peak: number
  resident: number
}

/** Reads it from /proc, which Linux alone has. */
export function readUsage(pid: number): Usage {
  const usages = treeOf(pid).map(readOne)
  const sum = (name: keyof Usage) => usages.reduce((total, usage) => total + usage[name], 0)
  return { cpu: sum('cpu'), peak: sum('peak'), resident: sum('resident') }
}

/** `schedstat` counts nanoseconds, `stat` hundredths of a second. Threads that have ended are not in it: none of these servers' do. */
function readOne(pid: number): Usage {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const cpu = tasks.reduce((total, task) => total + readTask(pid, task), 0)
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const readMemory = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1_024
  return { cpu, peak: readMemory('VmHWM'), resident: readMemory('VmRSS') }
}

function readTask(pid: number, task: string): number {
  try {
    const [ns = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')
    return Number(ns) / 1_000
  } catch {
    return 0
  }
}

function treeOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(treeOf)]
}
