import { expect, test } from 'vitest'
import { createGate } from '../../test/parts.ts'
import { webLock } from './web-lock.ts'

const createLocks = () => {
  const name = `lock-${crypto.randomUUID()}`
  return [webLock(name), webLock(name)] as const
}

const { signal: never } = new AbortController()

test('one at a time; who comes second does not wait', async () => {
  const [lock, other] = createLocks()
  const gate = createGate()
  const first = lock(async () => {
    await gate.opened
    return 'done'
  }, never)
  expect(await other(async () => 'never', never)).toBeNull()
  gate.open()
  expect(await first).toBe('done')
  expect(await other(async () => 'now', never)).toBe('now')
})

test('locks of two names are two', async () => {
  const [lock] = createLocks()
  const [another] = createLocks()
  const gate = createGate()
  const first = lock(() => gate.opened, never)
  expect(await another(async () => 'free', never)).toBe('free')
  gate.open()
  await first
})

test('given up, it is free at once, though the work goes on', async () => {
  const [lock, other] = createLocks()
  const stop = new AbortController()
  const started = createGate()
  const held = lock(() => {
    started.open()
    return new Promise(() => {})
  }, stop.signal)
  await started.opened
  stop.abort()
  expect(await held).toBeNull()
  expect(await other(async () => 'free', never)).toBe('free')
})

test('work that fails lets it go', async () => {
  const [lock, other] = createLocks()
  await expect(lock(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no')
  expect(await other(async () => 'free', never)).toBe('free')
})
