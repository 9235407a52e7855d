import type { Guarantee } from './oracle.ts'

/** One thing done wrong, on purpose: a simulation that does not find it could find nothing. */
export interface Mutant {
  name: string
  /** Relative to the packages. */
  file: string
  /** Each text is there once. */
  changes: [find: string, replace: string][]
  /** What it breaks: one of these must be found not to hold. */
  breaks: Guarantee[]
}

const FLUSHING = 'browser/src/flows/flushing.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'forgets a batch before the answer',
    file: FLUSHING,
    changes: [
      ['async ({ get, getAll, put }) => {', 'async ({ get, getAll, put, remove }) => {'],
      ['        return head\n', '        remove(rangeOf(head.cut))\n        return head\n'],
    ],
    breaks: ['G1', 'G3'],
  },
  {
    name: 'acts on an answer though another tab has taken over',
    file: 'browser/src/core/delivery.ts',
    changes: [['delivery.epoch === epoch && delivery', 'delivery']],
    breaks: ['G5'],
  },
  {
    name: 'presents a cut that is not on the disk',
    file: FLUSHING,
    changes: [['list: [head.cut, ...rest], presenting', 'list: rest, presenting']],
    breaks: ['G5'],
  },
  {
    name: 'draws a cut anew when it is presented again',
    file: FLUSHING,
    changes: [
      [
        '          ? { cut: first, rows: await getAll(rangeOf(first)) }',
        '          ? cutNext(await getAll([lineRange[0], end], limits.batchEvents), at, limits)',
      ],
    ],
    breaks: ['G5'],
  },
  {
    name: 'writes the state in another transaction than the events',
    file: 'browser/src/flows/stamping.ts',
    changes: [
      [
        '      put(STATE, state)\n      commit()\n',
        '      store.transact(async (next) => next.put(STATE, state)).done.catch(() => {})\n      commit()\n',
      ],
    ],
    breaks: ['G1', 'G4'],
  },
  {
    name: 'stamps a raw record as often as it is found',
    file: 'browser/src/core/sift.ts',
    changes: [
      [
        'if (numbered && (record.run <= Object(marks.get(key)).run || seen.has(name))) continue',
        'if (name === key) continue',
      ],
    ],
    breaks: ['G2'],
  },
  {
    name: 'ignores the lock',
    file: FLUSHING,
    changes: [
      [
        'await lock(() => work(false), signal).catch(() => work(true))',
        'lock === undefined ? null : await work(false)',
      ],
    ],
    breaks: ['G7'],
  },
  {
    name: 'rejects an event and does not say which',
    file: 'collector/src/core/take-lines.ts',
    changes: [["line.kind === 'rejected' ? [line.rejection] : []", "line.kind === 'rejected' ? [] : []"]],
    breaks: ['G9'],
  },
  {
    name: 'takes what other limits left of a batch for the batch',
    file: 'collector/src/core/taken-digest.ts',
    changes: [['if (rejected.length === 0) return', 'if (rejected.length >= 0) return']],
    breaks: ['G9'],
  },
  {
    name: 'signs receipts that are good for any bytes',
    file: 'collector/src/core/receipt.ts',
    changes: [['batch.batchId, batch.digest, accepted', 'batch.batchId, accepted']],
    breaks: ['G3'],
  },
  {
    name: 'remembers a batch as done before the sinks have it',
    file: 'collector/src/convey-batch.ts',
    changes: [
      [
        "{ state: 'in_progress' }, toSeconds(lastDeadline))",
        "{ state: 'done', recorded: events, rejected }, REMEMBERED_FOR)",
      ],
    ],
    breaks: ['G3'],
  },
  {
    name: 'does not wait for a batch that is presented again',
    file: 'collector/src/convey-batch.ts',
    changes: [['copy ? 0 : isRepeat || patience >= lastDeadline ? undefined : patience', 'copy ? 0 : patience']],
    breaks: ['G3'],
  },
  {
    name: 'takes a key that is not known for the end of a batch',
    file: 'browser/src/core/decide.ts',
    changes: [
      [
        'if (status === 413 && ours',
        "if (status === 401 && ours) return { kind: 'recorded', recorded: lines, rejected: [] }\n  if (status === 413 && ours",
      ],
    ],
    breaks: ['G1', 'G3', 'G4', 'G6'],
  },
  {
    name: 'leaves no tombstone where events gave way',
    file: 'browser/src/flows/shedding.ts',
    changes: [['      for (const [key, text] of tombstones) put(key, text)\n', '']],
    breaks: ['G4'],
  },
]
