import { expect, test } from 'vitest'
import { createTimers } from '../../test/timers.ts'
import { within } from './within.ts'

/** Something that settles when it is told to, with a text. */
function createPromise() {
  let settle = (_: string) => {}
  const promise = new Promise<string>((resolve) => {
    settle = resolve
  })
  return { promise, settle }
}

test('what is there at once needs no timer', async () => {
  const timers = createTimers()
  const all = [within(250, () => 'there', timers.after), within(250, () => undefined, timers.after)]
  expect(timers.waiting).toEqual([])
  expect(await Promise.all(all)).toEqual(['there', undefined])
})

test('what comes in time calls its timer off, and so does what fails', async () => {
  const timers = createTimers()
  const { promise, settle } = createPromise()
  const pending = within(250, () => promise, timers.after)
  expect(timers.waiting).toEqual([250])
  settle('in time')
  expect(await pending).toBe('in time')
  await expect(within(250, () => Promise.reject(new Error('broken')), timers.after)).rejects.toThrow('broken')
  expect(timers.waiting).toEqual([])
})

test('what throws rejects', async () => {
  const { after } = createTimers()
  const fail = () => {
    throw new Error('broken')
  }
  await expect(within(250, fail, after)).rejects.toThrow('broken')
})

test.each(['of the platform', 'of somebody else'])(
  'what is late rejects, whatever becomes of it: a promise %s',
  async (kind) => {
    const timers = createTimers()
    const { promise, settle } = createPromise()
    // biome-ignore lint/suspicious/noThenProperty: that is what such a promise is.
    const foreign = { then: promise.then.bind(promise) } as Promise<string>
    const pending = within(250, () => (kind === 'of the platform' ? promise : foreign), timers.after)
    const rejected = expect(pending).rejects.toMatchObject({ name: 'TimeoutError', message: 'after 250 ms' })
    await timers.fire(250)
    await rejected
    settle('too late')
    await expect(pending).rejects.toThrow('after 250 ms')
  },
)
