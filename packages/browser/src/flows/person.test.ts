import { expect, test } from 'vitest'
import { createMint } from '../../test/operations.ts'
import type { StreamState } from '../core/records.ts'
import { watchPerson } from './person.ts'

function createScene() {
  const mint = createMint()
  const begun: boolean[] = []
  const stored: { stream?: StreamState; isParting?: boolean } = {}
  const boots = new Map<string, string>()
  let uptime = 0
  const person = watchPerson({
    uptime: () => uptime,
    mint,
    tab: mint(),
    onBoot() {},
    onBegin: (_, isFound) => begun.push(isFound),
    onStored() {},
    stream: () => stored.stream,
    isParting: () => !!stored.isParting,
    boots,
  })
  /** The store is found to hold a person's stream. */
  const meet = (anonymousId: string) => {
    stored.stream = { anonymousId } as StreamState
    person.meet(stored.stream)
  }
  return { person, begun, boots, stored, meet, pass: (ms: number) => (uptime += ms) }
}

test('calls of nobody that is known yet are of one boot, and of the person once they are known', () => {
  const { person, meet } = createScene()
  const [one, other] = [person.sign(), person.sign()]
  expect(other).toEqual(one)
  meet('a')
  expect(person.sign()).toEqual({ anonymousId: 'a' })
})

test('each call of a page that was left before it knew whose they are has a boot of its own: each is left behind by itself', () => {
  const { person } = createScene()
  const calls = [person.sign()]
  person.leave()
  calls.push(person.sign(), person.sign())
  person.run()
  calls.push(person.sign())
  expect(new Set(calls.map(({ boot }) => boot)).size).toBe(calls.length)
  expect(person.sign()).toEqual(calls.at(-1))
})

test('nor is what comes after of its boot, whoever it then learns is here', () => {
  const { person, meet } = createScene()
  const { boot } = person.sign()
  person.leave()
  meet('a')
  expect(person.monotonic(0).boot).not.toBe(boot)
})

test('nor where they were stamped for one who has gone by the time that somebody is met', () => {
  const { person, boots, meet } = createScene()
  const { boot = '' } = person.sign()
  boots.set(boot, 'a')
  meet('b')
  expect(person.monotonic(0).boot).not.toBe(boot)
})

test('another person has a clock that begins with them', () => {
  const { person, meet, begun, pass } = createScene()
  meet('a')
  const { boot } = person.monotonic(0)
  pass(700)
  meet('b')
  expect(begun).toEqual([true])
  expect(person.monotonic(720)).toEqual({ boot: expect.not.stringMatching(boot), ms: 20 })
})

test('until a reset is stored what the store holds is the former person’s', async () => {
  const { person, meet, begun } = createScene()
  meet('a')
  const done = Promise.resolve()
  person.begin(done)
  meet('a')
  expect(begun).toEqual([false])
  expect(person.sign()).toHaveProperty('boot')
  await done
  meet('b')
  expect(person.sign()).toEqual({ anonymousId: 'b' })
})

test('nor is anybody met while a reset that was left behind is not known to be stamped', async () => {
  const { person, stored, meet } = createScene()
  const done = Promise.resolve()
  person.begin(done)
  stored.isParting = true
  await done
  meet('a')
  expect(person.sign()).toHaveProperty('boot')
  stored.isParting = false
  meet('b')
  expect(person.sign()).toEqual({ anonymousId: 'b' })
})

test('calls that wait are of the person whom the page meets meanwhile, whoever is here when they are stamped', () => {
  const { person, boots, meet } = createScene()
  const { boot = '' } = person.sign()
  meet('a')
  expect(boots.get(boot)).toBe('a')
})
