import { readDelivery } from '../core/delivery.ts'
import { type BufferState, CUTS, type Delivery, lineRange, STATE } from '../core/records.ts'
import { createFlusher, type FlusherOptions } from './flushing.ts'
import { createSchedule, type Schedule, type ScheduleOptions } from './scheduling.ts'
import { createStamper, type Stamper, type StamperOptions } from './stamping.ts'

/** The world outside, as a buffer sees it. */
export interface BufferOptions extends FlusherOptions, Omit<ScheduleOptions, 'flush'>, StamperOptions {}

interface Contents {
  state?: BufferState
  delivery: Delivery
  /** The oldest line that waits. */
  oldest?: string
}

export interface Buffer extends Pick<Stamper, 'submit' | 'settled'>, Pick<Schedule, 'flushNow'> {
  /** What is stored at this moment. */
  read: () => Promise<Contents>
  /** The page is going, for good or into the back/forward cache, or is about to stand still. */
  leave: () => void
  /** The page runs. With `online` the device is connected again: our own backoff is over. */
  run: (online?: boolean) => void
  close: () => Promise<void>
}

/** One store with all that works on it: stamping on one side, flushing on the other. */
export function createBuffer(options: BufferOptions): Buffer {
  const { store } = options
  const flusher = createFlusher(options)
  const schedule = createSchedule({
    ...options,
    flush(force) {
      stamper.drain() // Its transaction comes first, so what other pages left behind goes with this flush.
      return flusher.flush(force)
    },
  })
  const stamper = createStamper({
    ...options,
    onStored(lines) {
      schedule.stored(lines)
      options.onStored(lines)
    },
  })

  function run(online?: boolean) {
    flusher.resume()
    stamper.resume()
    schedule.flushNow(online)
  }
  run()

  return {
    ...stamper,
    flushNow: schedule.flushNow,
    read: () =>
      store.transact(async ({ get, getAll }) => {
        const [state, delivery, [oldest]] = await Promise.all([get(STATE), get(CUTS), getAll(lineRange, 1)])
        return { state, delivery: readDelivery(delivery), oldest: oldest?.[1] } as Contents
      }).done,
    leave() {
      stamper.leave()
      flusher.release()
    },
    run,
    async close() {
      flusher.release()
      await stamper.settled()
    },
  }
}
