import { expect, test } from 'vitest'
import { createProgress } from './create-progress.ts'

function watch(isTTY: boolean, total?: number) {
  const written: string[] = []
  let now = 0
  const progress = createProgress({
    stream: { write: (text) => written.push(text), isTTY },
    total,
    now: () => now,
  })
  const update = (at: number, bytes: number, lines: number) => {
    now = at
    progress.update({ bytes, lines })
  }
  return { written, update, end: progress.end }
}

test('it says once a second how far it is', () => {
  const { written, update } = watch(false, 10_000_000)
  update(500, 500_000, 500)
  update(2_000, 2_000_000, 4_000)
  update(2_500, 2_500_000, 5_000)
  update(3_000, 3_000_000, 6_000)
  expect(written).toEqual([
    'read 2.0 MB of 10.0 MB (20 %), 4,000 lines, 2,000/s\n',
    'read 3.0 MB of 10.0 MB (30 %), 6,000 lines, 2,000/s\n',
  ])
})

test('a terminal has one line, which is gone at the end', () => {
  const { written, update, end } = watch(true)
  update(1_000, 1_000_000, 1_000)
  end()
  expect(written).toEqual(['\r\x1b[Kread 1.0 MB, 1,000 lines, 1,000/s', '\r\x1b[K'])
})
