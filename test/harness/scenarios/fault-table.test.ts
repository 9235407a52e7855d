import { expect, test } from 'vitest'
import { toFaultTable } from './fault-table.ts'
import type { Measured, Row } from './row.ts'

const measured = (engine: Measured['engine'], ...rows: Row[]): Measured => ({
  engine,
  version: '1.2',
  date: '2026-11-22',
  form: 'short',
  rows,
})

const tally = { handedOver: 5, stored: 5, arrived: 5, repeated: 0, sentAgain: 2, lost: [] }

test('a fault is a line and an engine a column, and whatever is missing or lost has its reason below', () => {
  const reason = 'It takes away what is written late'
  const table = toFaultTable([
    measured('Chromium', { fault: 'Kill', tally }, { fault: 'Leave', tally, excuse: reason }),
    measured('Firefox', { fault: 'Kill', skipped: 'no Firefox is installed' }, { fault: 'Leave', failed: 'Stuck\nat' }),
    measured('WebKit', { fault: 'Leave', tally: { ...tally, arrived: 4, lost: ['a'] }, excuse: reason }),
  ])
  expect(table.trim().split('\n')).toEqual([
    'Measured 2026-11-22, short form. Each cell: handed over · stored · arrived · repeated · lost.',
    '',
    '| Fault | Chromium 1.2 | Firefox 1.2 | WebKit 1.2 |',
    '| --- | --- | --- | --- |',
    '| Kill | 5 · 5 · 5 · 0 · 0 | skipped<sup>1</sup> |  |',
    '| Leave | 5 · 5 · 5 · 0 · 0 | **failed**<sup>2</sup> | 5 · 5 · 4 · 0 · **1**<sup>3</sup> |',
    '',
    '1. Skipped: no Firefox is installed.',
    '2. Failed: Stuck.',
    '3. It takes away what is written late.',
  ])
})
