import { afterEach, expect, test, vi } from 'vitest'
import { turn } from '../../test/parts.ts'
import type { StreamState } from '../core/records.ts'
import { createStateFeed } from './state-feed.ts'

const at = (seq: number) => ({ seq }) as StreamState

/** A store that answers when it is told to, and a page that hears of others. */
function open() {
  const reads: ((stream: StreamState | undefined) => void)[] = []
  let announce = () => {}
  const feed = createStateFeed({
    read: () => new Promise((resolve) => reads.push(resolve)),
    toState: (stream) => stream?.seq ?? 'none',
    listen: (onAnnounced) => {
      announce = onAnnounced
    },
  })
  const told: unknown[] = []
  const answer = async (stream: StreamState | undefined) => {
    reads.shift()?.(stream)
    await turn()
  }
  const subscribe = () => feed.subscribe((state) => told.push(state))
  return { ...feed, onState: feed.subscribe, reads, told, answer, subscribe, announce: () => announce() }
}

afterEach(() => {
  vi.restoreAllMocks()
})

test('a listener is told the state as soon as it is read', async () => {
  const { subscribe, told, answer } = open()
  subscribe()
  await turn()
  expect(told).toEqual([])
  await answer(at(1))
  expect(told).toEqual([1])
})

test('a listener that comes later is told, too, and the first one nothing twice', async () => {
  const { subscribe, told, answer } = open()
  subscribe()
  await answer(at(1))
  subscribe()
  await answer(at(1))
  expect(told).toEqual([1, 1])
})

test('what this page writes is told without another look', async () => {
  const { subscribe, told, answer, written, reads } = open()
  subscribe()
  await answer(at(1))
  written(at(2))
  await turn()
  expect(told).toEqual([1, 2])
  expect(reads).toEqual([])
})

test('many changes of one turn are told as one', async () => {
  const { subscribe, told, answer, written } = open()
  subscribe()
  await answer(at(1))
  for (const seq of [2, 3, 4]) written(at(seq))
  await turn()
  expect(told).toEqual([1, 4])
})

test('what another page has changed is read and told', async () => {
  const { subscribe, told, answer, announce } = open()
  subscribe()
  await answer(at(1))
  announce()
  await answer(at(5))
  expect(told).toEqual([1, 5])
})

test('what is announced while it is read is read once more', async () => {
  const { subscribe, told, answer, announce, reads } = open()
  subscribe()
  await answer(at(1))
  for (const _ of [1, 2, 3]) announce()
  await answer(at(2))
  expect(reads).toHaveLength(1)
  await answer(at(3))
  expect(told).toEqual([1, 2, 3])
})

test('what was read before this page wrote is not told after it', async () => {
  const { subscribe, told, answer, announce, written } = open()
  subscribe()
  await answer(at(1))
  announce()
  written(at(3))
  await answer(at(2))
  await answer(at(4))
  expect(told).toEqual([1, 3, 4])
})

test('a state that has not changed is not told again', async () => {
  const { subscribe, told, answer, announce } = open()
  subscribe()
  await answer(at(1))
  announce()
  await answer(at(1))
  expect(told).toEqual([1])
})

test('that nobody is there any more is told', async () => {
  const { subscribe, told, answer, written } = open()
  subscribe()
  await answer(at(1))
  written(undefined)
  await turn()
  expect(told).toEqual([1, 'none'])
})

test('a listener that throws goes to the console and harms no other', async () => {
  const complained = vi.spyOn(console, 'error').mockImplementation(() => {})
  const fault = new Error('the app’s own')
  const { subscribe, told, answer, onState } = open()
  onState(() => {
    throw fault
  })
  subscribe()
  await answer(at(1))
  expect(told).toEqual([1])
  expect(complained).toHaveBeenCalledWith(fault)
})

test('nobody looks where nobody listens', async () => {
  const { subscribe, look, answer, reads } = open()
  look()
  expect(reads).toEqual([])
  const unsubscribe = subscribe()
  await answer(at(1))
  unsubscribe()
  look()
  expect(reads).toEqual([])
})

test('one who follows knows the latest without a listener', async () => {
  const { follow, latest, answer, announce, subscribe, told } = open()
  expect(latest()).toBeUndefined()
  follow()
  await answer(at(1))
  expect(latest()).toEqual(at(1))
  announce()
  await answer(at(2))
  expect(latest()).toEqual(at(2))
  subscribe()
  await turn()
  expect(told).toEqual([2])
})

test('after close nobody is told anything', async () => {
  const { subscribe, told, answer, written, close } = open()
  subscribe()
  await answer(at(1))
  close()
  written(at(2))
  await turn()
  expect(told).toEqual([1])
})

test('who subscribes after close makes nobody look or listen', async () => {
  const listens: unknown[] = []
  const reads: unknown[] = []
  const feed = createStateFeed({
    read: async () => {
      reads.push(1)
      return at(1)
    },
    toState: () => 'any',
    listen: (onAnnounced) => listens.push(onAnnounced),
  })
  feed.close()
  feed.subscribe(() => {})()
  await turn()
  expect([...listens, ...reads]).toEqual([])
})
