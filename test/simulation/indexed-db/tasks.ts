import type { Life, Scheduler } from '../scheduler.ts'

/** What the browser has to tell one page, told in order and one thing a task: a page has one thread. */
export interface Tasks {
  /**
   * @param ms how long the browser needs at least
   * @param run whether the page has heard anything: what it has no ears for takes no task
   */
  post: (ms: number, run: () => boolean) => void
}

export function createTasks(scheduler: Scheduler, life: Life): Tasks {
  const queue: { due: number; run: () => boolean }[] = []
  let isScheduled = false

  function schedule(): void {
    const [next] = queue
    if (isScheduled || !next) return
    isScheduled = true
    scheduler.after(next.due - scheduler.now(), work, life)
  }

  function work(): void {
    isScheduled = false
    for (let next = queue[0]; next && next.due <= scheduler.now(); next = queue[0]) {
      queue.shift()
      if (next.run()) break
    }
    schedule()
  }

  return {
    post(ms, run) {
      if (life.state === 'gone') return
      queue.push({ due: scheduler.now() + ms, run })
      schedule()
    },
  }
}
