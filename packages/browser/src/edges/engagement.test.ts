import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { observeEngagement } from './engagement.ts'

const page = { hidden: false, focused: true }
let stop: AbortController

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
  stop = new AbortController()
  Object.assign(page, { hidden: false, focused: true })
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => page.hidden)
  vi.spyOn(document, 'hasFocus').mockImplementation(() => page.focused)
})

afterEach(() => {
  stop.abort()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

function become(change: Partial<typeof page>, target: EventTarget, type: string) {
  Object.assign(page, change)
  target.dispatchEvent(new Event(type))
}

test('time in which the page is visible and has the focus is counted, and read once', () => {
  const read = observeEngagement(stop.signal)
  vi.advanceTimersByTime(12_345)
  expect(read()).toBe(12_345)
  expect(read()).toBe(0)
  vi.advanceTimersByTime(5)
  expect(read()).toBe(5)
})

test('time in which it is hidden, or something else has the focus, is not', () => {
  const read = observeEngagement(stop.signal)
  vi.advanceTimersByTime(1_000)
  become({ hidden: true }, document, 'visibilitychange')
  vi.advanceTimersByTime(50_000)
  become({ hidden: false }, document, 'visibilitychange')
  vi.advanceTimersByTime(200)
  become({ focused: false }, window, 'blur')
  vi.advanceTimersByTime(50_000)
  become({ focused: true }, window, 'focus')
  vi.advanceTimersByTime(30)
  expect(read()).toBe(1_230)
})

test('a page that opens in the background counts from when it is looked at', () => {
  page.hidden = true
  const read = observeEngagement(stop.signal)
  vi.advanceTimersByTime(9_000)
  become({ hidden: false }, document, 'visibilitychange')
  vi.advanceTimersByTime(700)
  expect(read()).toBe(700)
})

test('time in which the page does not run, as on a sleeping device, is not counted', () => {
  const now = vi.spyOn(performance, 'now')
  const read = observeEngagement(stop.signal)
  const slept = performance.now() + 8 * 3_600_000
  now.mockReturnValue(slept)
  expect(read()).toBe(2_000)
})

test('after the end nothing runs any more', () => {
  const read = observeEngagement(stop.signal)
  vi.advanceTimersByTime(100)
  stop.abort()
  vi.advanceTimersByTime(60_000)
  expect(read()).toBe(100)
  expect(vi.getTimerCount()).toBe(0)
})
