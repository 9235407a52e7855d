import { readdir, readFile } from 'node:fs/promises'
import type { EnginePage } from './engine.ts'

/**
 * The process below `root` that runs a page: the one whose processor time grows while the page counts to no end. No
 * engine names it, and a page may share it with others. Linux only.
 */
export async function busyProcess(root: number, page: Pick<EnginePage, 'evaluate'>): Promise<number> {
  const before = await processorTimes(root)
  await page.evaluate(() => {
    const end = performance.now() + 300
    while (performance.now() < end);
  })
  const after = await processorTimes(root)
  const [busiest] = [...after]
    .map(([pid, time]) => ({ pid, spent: time - (before.get(pid) ?? time) }))
    .toSorted((a, b) => b.spent - a.spent)
  if (!busiest || busiest.spent === 0) throw new Error('No process of the browser was busy with the page')
  return busiest.pid
}

/** The processor time of each process of a group, in ticks of the kernel. */
async function processorTimes(group: number): Promise<Map<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const times = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      // The name, in parentheses, may hold spaces. After it: state, parent, group, … and, from the 12th on, the times.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return { pid: Number(pid), group: Number(fields[2]), time: Number(fields[11]) + Number(fields[12]) }
    }),
  )
  return new Map(times.filter((process) => process.group === group).map(({ pid, time }) => [pid, time]))
}
