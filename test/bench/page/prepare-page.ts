import type { Properties } from './clients/client.ts'

/** How events come. */
export interface Load {
  /** The number of the first. */
  from: number
  count: number
  /** So many at a time… */
  burst: number
  /** …every so many ms. */
  every: number
  /** Wait, too, until what the calls returned has resolved, for an SDK that says so when it has stored an event. Default false. */
  untilStored?: boolean
}

declare global {
  interface Window {
    /** Hands events over; resolves with the ms that each call took. */
    handOver(load: Load): Promise<number[]>
    /** Hands one over. */
    track(number: number): unknown
    /** Runs the client's script and starts it, and says how long each took, in ms. */
    begin(url: string): Promise<{ evaluated: number; started: number }>
    longTasks: number[]
    /** Resolves when the SDK of a page that starts it has started. */
    started: Promise<unknown>
  }
}

/** Runs in the page, before anything else. */
export function preparePage(): void {
  let call: (properties: Properties) => unknown = () => {}
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  }).observe({ type: 'longtask' })

  const toProperties = (number: number): Properties => ({
    marker: `mk-${number}-`,
    sku: `SKU-${10_000 + ((number * 7919) % 9_000)}`,
    category: ['Shoes', 'Shirts', 'Hats', 'Bags'][number % 4] as string,
    price: ((number * 131) % 20_000) / 100,
    currency: 'EUR',
    position: number % 24,
  })

  window.begin = async (url) => {
    const text = await (await fetch('/client.js')).text()
    const script = document.createElement('script')
    script.textContent = text
    const began = performance.now()
    document.head.append(script)
    const evaluated = performance.now()
    call = await window.client.start(url)
    return { evaluated: evaluated - began, started: performance.now() - evaluated }
  }
  window.track = (number) => call(toProperties(number))
  window.handOver = ({ from, count, burst, every, untilStored = false }) =>
    new Promise((resolve) => {
      const times: number[] = []
      const results: unknown[] = []
      const timer = setInterval(() => {
        for (let left = Math.min(burst, count - times.length); left > 0; left--) {
          const properties = toProperties(from + times.length)
          const began = performance.now()
          const result = call(properties)
          times.push(performance.now() - began)
          if (untilStored) results.push(result)
        }
        if (times.length < count) return
        clearInterval(timer)
        Promise.all(results).then(() => resolve(times))
      }, every)
    })
}
