import { expect, test } from 'vitest'
import { createTimers } from '../../test/timers.ts'
import { within } from './within.ts'

test('what is there at once needs no timer', async () => {
  const timers = createTimers()
  const all = [within(250, () => 'there', timers.after), within(250, () => undefined, timers.after)]
  expect(timers.waiting).toEqual([])
  expect(await Promise.all(all)).toEqual(['there', undefined])
})

test('what comes in time calls its timer off, and so does what fails', async () => {
  const timers = createTimers()
  let resolve = (_: string) => {}
  const promise = new Promise<string>((settle) => {
    resolve = settle
  })
  const pending = within(250, () => promise, timers.after)
  expect(timers.waiting).toEqual([250])
  resolve('in time')
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

test('what is late rejects, whatever becomes of it', async () => {
  const timers = createTimers()
  let resolve = (_: string) => {}
  const promise = new Promise<string>((settle) => {
    resolve = settle
  })
  const pending = within(250, () => promise, timers.after)
  const rejected = expect(pending).rejects.toMatchObject({ name: 'TimeoutError', message: 'after 250 ms' })
  await timers.fire(250)
  await rejected
  resolve('too late')
  await expect(pending).rejects.toThrow('after 250 ms')
})
