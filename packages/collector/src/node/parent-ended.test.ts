import { expect, test } from 'vitest'
import { isStartedByNpm, parentEnded } from './parent-ended.ts'

test('a process is told when it has another parent than it began with, even where that is the first of all', async () => {
  for (const [first, next] of [
    [7, 1],
    [1, 9],
  ] as const) {
    const parents = [first, first, first]
    let asked = 0
    await parentEnded(() => parents[asked++] ?? next, 0)
    expect(asked).toBe(4)
  }
})

test('what a shell left behind on purpose has not been started by npm', () => {
  expect(isStartedByNpm({ SHELL: '/bin/sh' })).toBe(false)
  expect(isStartedByNpm({ npm_command: 'exec' })).toBe(true)
  expect(isStartedByNpm({ npm_execpath: '/usr/bin/pnpm' })).toBe(true)
})
