import { expect, test } from 'vitest'
import { createClock, createGate, turn } from '../../test/parts.ts'
import { createSchedule, type ScheduleOptions } from './scheduling.ts'

/** A schedule whose flushes are counted; each resolves to the next outcome, or to nothing left. */
function createScene(options: Partial<ScheduleOptions> = {}) {
  const clock = createClock()
  const outcomes: (number | undefined | Promise<number | undefined>)[] = []
  const flushes: { at: number; force: boolean | undefined }[] = []
  const start = clock.now()
  const schedule = createSchedule({
    flush: async (force) => {
      flushes.push({ at: clock.now() - start, force })
      return outcomes.shift()
    },
    flushAt: 3,
    flushInterval: 5_000,
    delay: clock.delay,
    ...options,
  })
  return { clock, outcomes, flushes, schedule, times: () => flushes.map(({ at }) => at) }
}

test('an event that waits is flushed after the interval', async () => {
  const { clock, schedule, times } = createScene()
  schedule.stored(1)
  await clock.pass(4_999)
  expect(times()).toEqual([])
  await clock.pass(1)
  expect(times()).toEqual([5_000])
  await clock.pass(60_000)
  expect(times()).toEqual([5_000])
})

test('the interval begins with the first event and not with each', async () => {
  const { clock, schedule, times } = createScene()
  schedule.stored(1)
  await clock.pass(3_000)
  schedule.stored(1)
  await clock.pass(2_000)
  expect(times()).toEqual([5_000])
})

test('enough events are flushed at once', async () => {
  const { clock, schedule, times } = createScene()
  schedule.stored(2)
  await turn()
  expect(times()).toEqual([])
  schedule.stored(1)
  await turn()
  expect(times()).toEqual([0])
  await clock.pass(60_000)
  expect(times()).toEqual([0])
})

test('by default 100 events are enough', async () => {
  const { schedule, times } = createScene({ flushAt: undefined })
  schedule.stored(99)
  await turn()
  expect(times()).toEqual([])
  schedule.stored(1)
  await turn()
  expect(times()).toEqual([0])
})

test('what has to wait is flushed when the wait is over', async () => {
  const { clock, outcomes, schedule, times } = createScene()
  outcomes.push(8_000, 20_000)
  expect(await schedule.flushNow()).toBe(8_000)
  await clock.pass(60_000)
  expect(times()).toEqual([0, 8_000, 28_000])
})

test('while a flush must wait, a new event is looked at after the interval, and the wait goes on', async () => {
  const { clock, outcomes, schedule, times } = createScene()
  outcomes.push(60_000, 55_000)
  await schedule.flushNow()
  schedule.stored(1)
  await clock.pass(59_999)
  expect(times()).toEqual([0, 5_000])
  await clock.pass(1)
  expect(times()).toEqual([0, 5_000, 60_000])
})

test('a flush now takes the place of the one that was due', async () => {
  const { clock, schedule, times } = createScene()
  schedule.stored(1)
  await clock.pass(2_000)
  await schedule.flushNow(true)
  await clock.pass(60_000)
  expect(times()).toEqual([2_000])
})

test('a flush that is asked for while one is under way runs after it', async () => {
  const { outcomes, schedule, flushes } = createScene()
  const gate = createGate()
  outcomes.push(gate.opened.then(() => undefined))
  const first = schedule.flushNow()
  const second = schedule.flushNow(true)
  schedule.stored(3)
  await turn()
  expect(flushes).toHaveLength(1)
  gate.open()
  await Promise.all([first, second])
  expect(flushes.map(({ force }) => force)).toEqual([false, true])
})

test('an event that is stored while a flush is under way is flushed without another push', async () => {
  const { clock, outcomes, schedule, flushes } = createScene()
  const gate = createGate()
  outcomes.push(gate.opened.then(() => undefined))
  schedule.flushNow()
  schedule.stored(1)
  gate.open()
  await clock.pass(5_000)
  expect(flushes).toHaveLength(2)
})

test('when nothing is left no timer is', async () => {
  const { clock, schedule } = createScene()
  await schedule.flushNow()
  expect(clock.pending()).toEqual([])
})
