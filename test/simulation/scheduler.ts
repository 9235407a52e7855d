/** Something that has a life of its own: what it waits for comes while it runs, later while it stands still, and never when it is gone. */
export interface Life {
  state: 'running' | 'frozen' | 'gone'
}

/** Time that passes only from one event to the next. Nothing in a run happens but what was put on this list. */
export interface Scheduler {
  /** ms since 1970. */
  now: () => number
  /** From 0 to 1. */
  random: () => number
  /**
   * Runs `run` so many ms from now; of what falls due together, chance takes the next.
   *
   * @param life whose it is
   * @returns takes it back
   */
  after: (ms: number, run: () => void, life?: Life) => () => void
  delay: (ms: number, life?: Life) => Promise<void>
  /** Somebody thaws: what was due meanwhile is due now. */
  thaw: (life: Life) => void
  /** Lets so many ms pass. */
  pass: (ms: number) => Promise<void>
  /** How many events there were. */
  readonly steps: number
}

interface Due {
  at: number
  order: number
  life: Life | undefined
  run: (() => void) | undefined
}

/** Lets everything go on that waits for nothing but the language: no promise is left that could still be settled. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** @param random from 0 to 1, the same in each run of a seed */
export function createScheduler(start: number, random: () => number): Scheduler {
  const heap: Due[] = []
  const held: Due[] = []
  let time = start
  let steps = 0

  const isSooner = (one: Due, other: Due) => one.at < other.at || (one.at === other.at && one.order < other.order)

  function push(due: Due): void {
    let index = heap.push(due) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Due
      if (!isSooner(due, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = due
  }

  function pop(): void {
    const last = heap.pop() as Due
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isSooner(heap[child + 1] as Due, heap[child] as Due)) child += 1
      if (!isSooner(heap[child] as Due, last)) break
      heap[index] = heap[child] as Due
      index = child
    }
    heap[index] = last
  }

  const scheduler: Scheduler = {
    now: () => time,
    random,
    get steps() {
      return steps
    },
    after(ms, run, life) {
      const due: Due = { at: time + Math.max(0, ms), order: random(), life, run }
      push(due)
      return () => {
        due.run = undefined
      }
    },
    delay: (ms, life) =>
      new Promise((resolve) => {
        scheduler.after(ms, resolve, life)
      }),
    thaw(life) {
      life.state = 'running'
      for (const due of held.splice(0)) {
        // The very same object: whoever waits may still take it back.
        if (due.life === life) push(Object.assign(due, { at: time }))
        else held.push(due)
      }
    },
    async pass(ms) {
      const end = time + ms
      await settle()
      for (let due = heap[0]; due && due.at <= end; due = heap[0]) {
        pop()
        const { run, life } = due
        if (!run || life?.state === 'gone') continue
        if (life?.state === 'frozen') {
          held.push(due)
          continue
        }
        time = Math.max(time, due.at)
        steps += 1
        run()
        await settle()
      }
      time = end
    },
  }
  return scheduler
}
