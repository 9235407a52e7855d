import { expect, test } from 'vitest'
import { createPartingClock } from './parting-clock.ts'

function createClock(at: number, uptime = 0) {
  const device = { at, uptime }
  return {
    device,
    ...createPartingClock(
      () => device.at,
      () => device.uptime,
    ),
  }
}

test('what comes in the very millisecond of a parting is later than what was before it', () => {
  const { device, now, part } = createClock(1_000)
  expect(now()).toBe(1_000)
  part()
  expect(now()).toBe(1_001)
  part()
  expect(now()).toBe(1_002)
  device.at = 1_500
  expect(now()).toBe(1_500)
})

test('a clock that is set back after a parting goes on from there', () => {
  const { device, now, part } = createClock(1_000)
  part()
  device.at = 400
  expect(now()).toBe(400)
  device.at = 401
  expect(now()).toBe(401)
})

test('a clock that stands before 1970 tells how long the page has run', () => {
  const { device, now } = createClock(-5_000, 12.7)
  expect(now()).toBe(12)
  device.uptime = 20
  expect(now()).toBe(20)
})
