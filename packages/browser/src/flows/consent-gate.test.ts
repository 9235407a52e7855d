import { describe, expect, test } from 'vitest'
import { parseLine, tracked } from '../../test/operations.ts'
import { createBuffersParts, newPage, outage, putRaw, readAll, turn } from '../../test/parts.ts'
import type { Consent, ConsentDecision } from '../core/consent.ts'
import type { Wish, Wishes } from '../core/wish.ts'
import { createBuffers } from './buffers.ts'
import { type ConsentGate, createConsentGate } from './consent-gate.ts'

/** A page with its gate, as they are wired together; another tab shares the parts. */
function createPage(assumed: Consent, shared = createBuffersParts(), words: { wish?: Wish | undefined } = {}) {
  const parts = newPage(shared)
  const told = { decided: 0 }
  const wishes: Wishes = {
    read: () => words.wish,
    write(wish) {
      words.wish = wish
      told.decided++
    },
    clear() {
      words.wish = undefined
    },
  }
  const buffers = createBuffers({
    ...parts,
    assumedConsent: () => assumed,
    consent: () => gate.current(),
    owes: (wishedAt) => gate.owes(wishedAt),
    onOwed: (waiting) => gate.hold(waiting),
    onConsent: (waiting, consent) => gate.learn(waiting, consent),
    onLost() {},
  })
  const gate: ConsentGate = createConsentGate({
    buffers,
    assumed,
    wishes,
    delay: parts.clock.delay,
    now: parts.now,
    onError: parts.onError,
  })
  const track = (...names: string[]) => Promise.all(names.map((name) => gate.submit(tracked(name))))
  return { parts, buffers, gate, track, told, words }
}

const storedEvents = async (parts: ReturnType<typeof createBuffersParts>) =>
  (await readAll(parts)).lines.map((line) => parseLine(line).event)

const stored = async (parts: ReturnType<typeof createBuffersParts>) => {
  const { state, lines, raw } = await readAll(parts)
  return { state, lines, raw }
}

const nothing = { state: undefined, lines: [], raw: [] }

describe('granted from the start', () => {
  test('calls go through at once', async () => {
    const { parts, gate, track } = createPage('granted')
    expect(await track('a')).toEqual([{ status: 'durable', seq: 1 }])
    expect([gate.current(), gate.mayStore(), gate.held()]).toEqual(['granted', true, 0])
    expect(await storedEvents(parts)).toEqual(['a'])
  })
})

test('calls keep their order where one was on its way to the store when another tab’s forgetting was heard of', async () => {
  const { parts, gate, track, words } = createPage('granted')
  await track('before')
  const called = track('a')
  words.wish = { at: parts.now() + 1, forget: true, since: parts.now() }
  gate.look()
  await Promise.all([called, track('b')])
  expect(await storedEvents(parts)).toEqual(['a', 'b'])
})

describe('before there is a decision', () => {
  test('nothing is stored and nothing is sent; calls wait in memory and say so', async () => {
    const { parts, buffers, gate, track } = createPage('pending')
    expect(await track('a', 'b')).toEqual([{ status: 'memory' }, { status: 'memory' }])
    await buffers.flushNow(true)
    await parts.clock.pass(60_000)
    expect(await stored(parts)).toEqual(nothing)
    expect(parts.collector.presented).toEqual([])
    expect([gate.current(), gate.mayStore(), gate.held()]).toEqual(['pending', false, 2])
  })

  test('a page that is hidden does not look for a store that is not there, and the grant stores as ever', async () => {
    const { parts, buffers, gate, track } = createPage('pending')
    await gate.look()
    parts.disk.always = new Error('no database')
    await buffers.flushNow(true)
    expect([buffers.current().length, parts.errors]).toEqual([1, []])
    parts.disk.always = undefined
    await gate.decide('granted')
    expect(await track('a')).toEqual([{ status: 'durable', seq: 1 }])
  })

  test('what was refused at the call is dropped at once', async () => {
    const { gate } = createPage('pending')
    expect(await gate.submit('too_deep')).toEqual({ status: 'dropped', reason: 'too_deep' })
    expect(gate.held()).toBe(0)
  })

  test('a thousand calls wait, and those beyond are dropped and told', async () => {
    const { parts, gate, track } = createPage('pending')
    parts.collector.answer = outage
    const names = Array.from({ length: 1_002 }, (_, index) => `e${index + 1}`)
    const results = await track(...names)
    expect(results.filter(({ status }) => status === 'memory')).toHaveLength(1_000)
    expect(results.slice(-2)).toEqual(Array(2).fill({ status: 'dropped', reason: 'consent_pending' }))
    expect(gate.held()).toBe(1_000)
    await gate.decide('granted')
    await turn()
    expect(await storedEvents(parts)).toEqual(names.slice(0, 1_000))
  })

  test('a store that can’t be read is one without a decision', async () => {
    const { parts, gate, track } = createPage('pending')
    parts.disk.always = new Error('no database')
    expect(await track('a')).toEqual([{ status: 'memory' }])
    expect(gate.current()).toBe('pending')
    expect(parts.errors).toEqual([])
  })
})

describe('when the visitor grants it', () => {
  test('what waited is stored in its order, before what comes after, and sent', async () => {
    const { parts, gate, track } = createPage('pending')
    await track('a', 'b')
    const decided = gate.decide('granted')
    await decided
    await track('c')
    expect(await storedEvents(parts)).toEqual(['a', 'b', 'c'])
    expect([gate.current(), gate.mayStore(), gate.held()]).toEqual(['granted', true, 0])
    await parts.clock.pass(5_000)
    expect(parts.collector.events()).toEqual(['a', 'b', 'c'])
  })

  test('the decision is written down, and the next page needs no other', async () => {
    const { parts, gate } = createPage('pending')
    parts.collector.answer = outage
    await gate.decide('granted')
    const next = createPage('pending', parts)
    await next.track('a')
    await turn()
    expect(next.gate.current()).toBe('granted')
    expect(await storedEvents(parts)).toEqual(['a'])
  })

  test('and it can’t be written down, it counts for this page', async () => {
    const { parts, buffers, gate, track } = createPage('pending')
    await track('a')
    parts.disk.always = new Error('down')
    await gate.decide('granted')
    expect(parts.errors[0]).toEqual({ code: 'storage', detail: 'Error: down' })
    expect(await track('b')).toMatchObject([{ status: 'memory' }])
    expect(buffers.current()[0].mode).toBe('memory')
    await parts.clock.pass(5_000)
    expect(parts.collector.events()).toEqual(['a', 'b'])
    parts.disk.always = undefined
    await parts.clock.pass(30_000)
    expect((await readAll(parts)).state.consent).toBe('granted')
  })

  test('another tab learns of it with its next call', async () => {
    const { parts, gate } = createPage('pending')
    parts.collector.answer = outage
    const other = createPage('pending', parts)
    await other.track('a')
    await gate.decide('granted')
    await other.track('b')
    await turn()
    expect(other.gate.current()).toBe('granted')
    expect(await storedEvents(parts)).toEqual(['a', 'b'])
  })

  test('after having denied it, what comes from then on is stored', async () => {
    const { parts, gate, track } = createPage('granted')
    await track('a')
    await gate.decide('denied')
    await track('b')
    await gate.decide('granted')
    await track('c')
    expect(await storedEvents(parts)).toEqual(['c'])
    expect((await readAll(parts)).state).toMatchObject({ consent: 'granted', stream: { seq: 1 } })
  })
})

describe('when the visitor denies it', () => {
  test('what waited is dropped, each with the reason, and what comes after', async () => {
    const { parts, gate } = createPage('pending')
    const waiting = [gate.submit(tracked('a')), gate.submit(tracked('b'))]
    await gate.decide('denied')
    expect(await Promise.all(waiting)).toEqual(Array(2).fill({ status: 'dropped', reason: 'consent_denied' }))
    expect(await gate.submit(tracked('c'))).toEqual({ status: 'dropped', reason: 'consent_denied' })
    expect([gate.current(), gate.mayStore(), gate.held()]).toEqual(['denied', false, 0])
    expect((await readAll(parts)).lines).toEqual([])
  })

  test('the buffer is emptied, the stream ends, and other tabs are told', async () => {
    const { parts, gate, track, told } = createPage('granted')
    await track('a', 'b')
    await gate.decide('denied')
    const { state, lines, raw, delivery } = await readAll(parts)
    expect([lines, raw, state.stream]).toEqual([[], [], undefined])
    expect(state).toMatchObject({ consent: 'denied', forgottenAt: parts.clock.now() })
    expect(delivery).toMatchObject({ list: [], recorded: 0 })
    expect(told.decided).toBe(1)
  })

  test('what other pages have left behind is taken off the device, too', async () => {
    const { parts, gate, track } = createPage('granted')
    await track('a')
    await putRaw(parts.disk, { operations: [tracked('b')] })
    parts.lastWords.write('c', JSON.stringify({ tab: 'another', run: 1, operations: [tracked('c')] }))
    await gate.decide('denied')
    expect((await readAll(parts)).raw).toEqual([])
  })

  test('nothing is sent any more, and no copy is left', async () => {
    const { parts, buffers, gate, track } = createPage('granted')
    parts.collector.answer = () => ({ status: 0, failure: 'offline' })
    await track('a')
    await buffers.flushNow()
    expect(parts.deferredCopy.text).toBeDefined()
    await gate.decide('denied')
    expect(parts.deferredCopy.text).toBeUndefined()
    const { length } = parts.collector.presented
    await parts.clock.pass(3_600_000)
    await buffers.flushNow(true)
    expect(parts.collector.presented).toHaveLength(length)
  })

  test('another tab learns of it with its next call, and drops it', async () => {
    const { parts, gate, track } = createPage('granted')
    const other = createPage('granted', parts)
    await other.track('a')
    await gate.decide('denied')
    expect(await other.track('b')).toEqual([{ status: 'dropped', reason: 'consent_denied' }])
    expect(other.gate.current()).toBe('denied')
    expect(await track('c')).toEqual([{ status: 'dropped', reason: 'consent_denied' }])
    expect((await readAll(parts)).lines).toEqual([])
  })

  test('another tab ends the request under way as soon as it hears of it, however long the store keeps it waiting', async () => {
    const { parts, buffers, gate, track, words } = createPage('granted')
    parts.collector.answer = () => new Promise(() => {})
    await track('a')
    buffers.flushNow(true)
    await turn()
    words.wish = { at: parts.now(), consent: 'denied', forget: true }
    gate.look()
    expect(parts.collector.presented.map(({ signal }) => signal.aborted)).toEqual([true])
  })

  test('in a page that has not heard of the grant in another, the others are told', async () => {
    const shared = createPage('pending')
    await shared.gate.decide('granted')
    expect(shared.words.wish).toBeUndefined()
    const { gate, words } = createPage('pending', shared.parts, shared.words)
    await gate.decide('denied')
    expect(words.wish?.consent).toBe('denied')
  })

  test('in a page that is left in the middle of it, nothing is written where nothing was ever stored', async () => {
    const { parts, gate, told } = createPage('pending')
    const down = new Error('timeout')
    parts.disk.failures.push(down, down, down)
    const denied = gate.decide('denied')
    gate.leave()
    await denied
    gate.run()
    await turn()
    expect([gate.current(), told.decided]).toEqual(['denied', 0])
  })

  test('on a full disk, in a page that has not heard of the grant in another, the others are told', async () => {
    const shared = createPage('pending')
    await shared.gate.decide('granted')
    const { parts, gate, words } = createPage('pending', shared.parts, shared.words)
    const full = new DOMException('full', 'QuotaExceededError')
    parts.disk.failures.push(full, full, full)
    await gate.decide('denied')
    expect(words.wish?.consent).toBe('denied')
  })

  test('passes on to a later grant its own time, not that of a forgetting before it that is still to be done', async () => {
    const { parts, gate, track, words } = createPage('granted')
    parts.disk.always = new Error('down')
    gate.forget()
    await gate.decide('denied')
    const wish = words.wish
    await gate.decide('granted')
    expect([wish?.since, words.wish?.since]).toEqual([undefined, wish?.at])
    parts.disk.always = undefined
    await gate.look()
    expect(await track('a')).toEqual([{ status: 'durable', seq: 1 }])
  })

  test('where none is needed to store, it is stored though nothing was stored before', async () => {
    const { gate } = createPage('granted')
    const denied = gate.decide('denied')
    expect(gate.mayStore()).toBe(true)
    await denied
    expect(createPage('pending').gate.mayStore()).toBe(false)
  })

  test('and it can’t be written down, that is told, and this page keeps to it', async () => {
    const { parts, gate, track } = createPage('granted')
    await track('a')
    parts.disk.always = new Error('down')
    await gate.decide('denied')
    expect(parts.errors).toContainEqual({ code: 'storage', detail: 'Error: down' })
    parts.disk.always = undefined
    expect(gate.current()).toBe('denied')
    await parts.clock.pass(3_600_000)
    expect(parts.collector.presented).toEqual([])
  })

  test('and grants it again, leaves behind what is tracked until that is done, when the page is left meanwhile', async () => {
    const { parts, gate, track, words } = createPage('granted')
    await gate.decide('denied')
    gate.decide('granted')
    track('a')
    gate.leave()
    await turn()
    const next = createPage('granted', parts, words)
    next.gate.run()
    await turn()
    expect(parts.collector.events()).toEqual(['a'])
  })
})

describe('where denial is assumed', () => {
  test('what is left of the time before is emptied', async () => {
    const before = createPage('granted')
    await before.track('a')
    const { parts, gate, told } = createPage('denied', before.parts)
    await gate.look()
    const { state, lines } = await readAll(parts)
    expect([lines, state.stream, state.forgottenAt]).toEqual([[], undefined, parts.clock.now()])
    // Nobody has decided anything, so nothing outlives the browser's signal.
    expect([gate.current(), state.consent, told.decided]).toEqual(['denied', undefined, 0])
  })

  test('nothing is written where there is nothing to empty', async () => {
    const { parts, gate, track } = createPage('denied')
    await gate.look()
    expect(await track('a')).toEqual([{ status: 'dropped', reason: 'consent_denied' }])
    expect(await stored(parts)).toEqual(nothing)
  })

  test('the visitor’s own grant counts more', async () => {
    const before = createPage('pending')
    await before.gate.decide('granted')
    await before.track('a')
    before.parts.collector.answer = outage
    const { parts, gate } = createPage('denied', before.parts)
    await gate.look()
    expect(gate.current()).toBe('granted')
    expect(await storedEvents(parts)).toEqual(['a'])
  })
})

describe('forget', () => {
  test.each<Consent>(['granted', 'pending'])(
    'empties the buffer and leaves the decision as it was (%s)',
    async (assumed) => {
      const { parts, gate, track, told } = createPage(assumed)
      if (assumed === 'pending') await gate.decide('granted')
      told.decided = 0
      await track('a')
      const before = (await readAll(parts)).state
      await gate.forget()
      const { state, lines } = await readAll(parts)
      expect([lines, state.stream, state.consent]).toEqual([[], undefined, before.consent])
      expect([gate.current(), told.decided]).toEqual(['granted', 1])
      expect(await track('b')).toEqual([{ status: 'durable', seq: 1 }])
      expect((await readAll(parts)).state.stream?.anonymousId).not.toBe(before.stream?.anonymousId)
    },
  )

  test('takes nothing with it of what is tracked after it', async () => {
    const { parts, gate, track } = createPage('granted')
    parts.collector.answer = outage
    const before = gate.submit(tracked('a', { at: parts.now() - 1 }))
    const forgotten = gate.forget()
    const after = track('b')
    expect(await after).toEqual([{ status: 'durable', seq: 1 }])
    await Promise.all([before, forgotten])
    expect(await storedEvents(parts)).toEqual(['b'])
  })

  test('takes nothing with it of what is tracked after it, when it succeeds only with the next call', async () => {
    const { parts, gate, track } = createPage('granted')
    parts.collector.answer = outage
    await track('a')
    parts.disk.failures = [undefined, new Error('down'), new Error('down'), new Error('down')]
    await gate.forget()
    expect(await track('b')).toEqual([{ status: 'durable', seq: 1 }])
    expect(await storedEvents(parts)).toEqual(['b'])
  })

  test('leaves what is tracked until it is done behind, when the page is left meanwhile', async () => {
    const { parts, gate, track, words } = createPage('granted')
    await track('a')
    gate.forget()
    track('b')
    gate.leave()
    await turn()
    const next = createPage('granted', parts, words)
    next.gate.run()
    await turn()
    expect(parts.collector.events()).toEqual(['b'])
  })

  test('leaves nothing behind of what waits while another tab’s denial is being carried out', async () => {
    const { parts, gate, track, words } = createPage('granted')
    words.wish = { at: parts.now(), consent: 'denied', forget: true }
    gate.look()
    track('a')
    gate.leave()
    expect(parts.lastWords.read()).toEqual([])
  })

  test('in another tab takes back the copy that the browser would send for this one', async () => {
    const { parts, buffers, gate, track } = createPage('granted')
    parts.collector.answer = outage
    await track('a')
    await buffers.flushNow(true)
    expect(parts.deferredCopy.text).toBeDefined()
    await createPage('granted', parts).gate.forget()
    const heard = gate.look()
    expect(parts.deferredCopy.text).toBeUndefined()
    await heard
    expect(gate.current()).toBe('granted')
  })

  test('keeps to a grant that this page knows of while the store can’t be read', async () => {
    const { parts, gate } = createPage('pending')
    await gate.decide('granted')
    parts.disk.always = new Error('down')
    await gate.look()
    expect(gate.current()).toBe('granted')
  })

  test('is done before anything is stored, though the page takes the store for one that can’t be read', async () => {
    const shared = createPage('granted')
    shared.parts.collector.answer = outage
    await shared.track('a')
    const { parts, gate, track, words } = createPage('granted', shared.parts)
    await gate.look()
    words.wish = { at: parts.now() - 1, forget: true }
    await track('b')
    expect(await storedEvents(parts)).toEqual(['b'])
  })

  test('of what waits for a decision leaves nothing, and writes nothing', async () => {
    const { gate, words, parts } = createPage('pending')
    const waiting = gate.submit(tracked('a'))
    await gate.forget()
    expect(gate.held()).toBe(0)
    expect(words.wish).toBeUndefined()
    await gate.decide('granted')
    await waiting
    expect(await storedEvents(parts)).toEqual([])
  })

  test('that could not be done is done before a later grant counts', async () => {
    const { parts, gate, track } = createPage('granted')
    parts.collector.answer = outage
    await track('a')
    parts.disk.failures = [undefined, new Error('down'), new Error('down'), new Error('down')]
    await gate.forget()
    await gate.decide('granted')
    await track('b')
    expect(await storedEvents(parts)).toEqual(['b'])
  })

  test('gives way to what the visitor wished later in another tab', async () => {
    const one = createPage('granted')
    one.parts.collector.answer = outage
    await one.track('a')
    one.parts.disk.failures = [undefined, new Error('down'), new Error('down'), new Error('down')]
    await one.gate.forget()
    const other = createPage('granted', one.parts, one.words)
    await other.gate.decide('granted')
    await other.track('b')
    await one.gate.look()
    expect(await storedEvents(one.parts)).toEqual(['b'])
  })

  test('that fails is told, and rejects nothing', async () => {
    const { parts, gate, track } = createPage('granted')
    await track('a')
    parts.disk.always = new Error('down')
    await gate.forget()
    expect(parts.errors).toContainEqual({ code: 'storage', detail: 'Error: down' })
  })
})

test('a call in the middle of a decision has its answer', async () => {
  const { gate } = createPage('pending')
  const first = gate.submit(tracked('a'))
  const decided = gate.decide('denied')
  const second = gate.submit(tracked('b'))
  await decided
  expect(await Promise.all([first, second])).toEqual(Array(2).fill({ status: 'dropped', reason: 'consent_denied' }))
  expect(gate.held()).toBe(0)
})

test('to be forgotten takes back no denial', async () => {
  const { gate, words } = createPage('granted')
  await gate.decide('denied')
  await gate.forget()
  expect([gate.current(), words.wish?.consent]).toEqual(['denied', 'denied'])
})

test('decisions that follow one another quickly: the last one counts', async () => {
  const decisions: ConsentDecision[] = ['granted', 'denied', 'granted', 'denied']
  const { parts, gate } = createPage('pending')
  gate.submit(tracked('a'))
  await Promise.all(decisions.map((decision) => gate.decide(decision)))
  await turn()
  expect((await readAll(parts)).state.consent).toBe('denied')
  expect(gate.current()).toBe('denied')
  expect((await readAll(parts)).lines).toEqual([])
})

test('what waits where the store can’t be read yet goes on by itself when it can', async () => {
  const other = createPage('pending')
  await other.gate.decide('granted')
  const { parts, gate } = createPage('pending', other.parts)
  parts.disk.always = new Error('down')
  expect(await gate.submit(tracked('a'))).toEqual({ status: 'memory' })
  parts.disk.always = undefined
  await parts.clock.pass(30_000)
  await parts.clock.pass(5_000)
  expect(parts.collector.events()).toEqual(['a'])
})

describe('a wish that the page before could not finish', () => {
  test.each<[string, Wish, Consent, unknown[]]>([
    ['a denial', { at: 1, consent: 'denied', forget: true }, 'denied', []],
    ['to be forgotten', { at: 1, forget: true }, 'granted', []],
    ['a grant', { at: 1, consent: 'granted' }, 'granted', ['a']],
  ])('is done before anything else: %s', async (_, wish, consent, left) => {
    const before = createPage('granted')
    before.parts.collector.answer = outage
    await before.track('a')
    const { parts, gate, words } = createPage('granted', before.parts, { wish })
    gate.run()
    await turn()
    await turn()
    const { state, lines } = await readAll(parts)
    expect([gate.current(), lines.map((line) => parseLine(line).event)]).toEqual([consent, left])
    expect(state.wishedAt).toBe(1)
    // A denial holds where the store can't be read, too.
    expect(words.wish?.consent).toBe(consent === 'denied' ? 'denied' : undefined)
  })

  test('takes nothing with it of what the next page tracks', async () => {
    const before = createPage('granted')
    before.parts.collector.answer = outage
    await before.track('a')
    const { parts, gate, track } = createPage('granted', before.parts, { wish: { at: 1, forget: true } })
    gate.run()
    expect(await track('b')).toEqual([{ status: 'durable', seq: 1 }])
    expect(await storedEvents(parts)).toEqual(['b'])
  })

  test('and that this one can’t finish either takes nothing with it that it calls durable', async () => {
    const before = createPage('granted')
    before.parts.collector.answer = outage
    await before.track('a')
    const { parts, gate, track } = createPage('granted', before.parts, { wish: { at: 1, forget: true } })
    parts.disk.failures = [undefined, ...Array(3).fill(new Error('down'))]
    gate.run()
    await turn()
    expect(gate.current()).toBe('pending')
    expect(await track('b')).toEqual([{ status: 'durable', seq: 1 }])
    expect(await storedEvents(parts)).toEqual(['b'])
  })

  test('is not done when it comes to light only after a later one was done', async () => {
    const before = createPage('granted')
    before.parts.collector.answer = outage
    await before.gate.decide('granted')
    await before.track('a')
    const { parts, gate } = createPage('granted', before.parts, { wish: { at: 1, consent: 'denied', forget: true } })
    gate.run()
    await turn()
    expect([gate.current(), await storedEvents(parts)]).toEqual(['granted', ['a']])
  })

  test('that comes to light again after it was done makes no later grant forget anything', async () => {
    const before = createPage('granted')
    before.parts.collector.answer = outage
    await before.gate.forget()
    const wish: Wish = { at: before.parts.clock.now(), forget: true }
    await before.parts.clock.pass(1)
    const { parts, gate, track } = createPage('granted', before.parts, { wish })
    gate.run()
    await track('a')
    await gate.decide('granted')
    expect(await storedEvents(parts)).toEqual(['a'])
  })

  test('and is a denial that comes to light again after a later grant was done does not count with a forgetting', async () => {
    const shared = createPage('granted')
    await shared.gate.decide('granted')
    const { wishedAt = 0 } = (await readAll(shared.parts)).state
    const { gate, words, track } = createPage('granted', shared.parts, {
      wish: { at: wishedAt - 1, consent: 'denied', forget: true },
    })
    gate.run()
    await turn()
    expect(words.wish).toBeUndefined()
    await gate.forget()
    expect(await track('a')).toEqual([{ status: 'durable', seq: 1 }])
  })

  test('that can’t be carried out counts before what the store holds', async () => {
    const shared = createBuffersParts()
    const before = createPage('granted', shared)
    await before.gate.decide('granted')
    await shared.clock.pass(1)
    shared.disk.always = new Error('down')
    const { gate, track } = createPage('pending', shared)
    await gate.decide('denied')
    await gate.look()
    expect(gate.current()).toBe('denied')
    shared.disk.always = undefined
    shared.disk.failures = [undefined, ...Array(3).fill(new Error('down'))]
    await gate.look()
    expect(gate.current()).toBe('denied')
    expect(await track('a')).toEqual([{ status: 'dropped', reason: 'consent_denied' }])
    expect((await readAll(shared)).state.consent).toBe('denied')
  })

  test('counts no more once the visitor has denied it, though the store can’t be read', async () => {
    const shared = createBuffersParts()
    shared.disk.always = new Error('down')
    const { gate, words, track } = createPage('pending', shared, { wish: { at: 1, consent: 'granted' } })
    await gate.decide('denied')
    await gate.look()
    expect([gate.current(), words.wish?.consent]).toEqual(['denied', 'denied'])
    expect(await track('a')).toEqual([{ status: 'dropped', reason: 'consent_denied' }])
  })

  test('holds where the store can’t be read', async () => {
    const shared = createBuffersParts()
    shared.disk.always = new Error('down')
    const { parts, gate, track } = createPage('granted', shared, { wish: { at: 1, consent: 'denied', forget: true } })
    gate.run()
    expect(await track('a')).toEqual([{ status: 'dropped', reason: 'consent_denied' }])
    expect([gate.current(), parts.collector.presented]).toEqual(['denied', []])
  })

  test('is done though the clock was set back since the last one', async () => {
    const before = createPage('granted')
    await before.gate.decide('granted')
    before.parts.clock.set(before.parts.clock.now() - 86_400_000)
    await before.track('a')
    const wish: Wish = { at: before.parts.clock.now(), consent: 'denied', forget: true }
    const { parts, gate } = createPage('granted', before.parts, { wish })
    gate.run()
    await turn()
    expect([gate.current(), (await readAll(parts)).lines]).toEqual(['denied', []])
  })

  test('done once is not done again, and what was tracked since stays', async () => {
    const wish = { at: 1, forget: true }
    const shared = createPage('granted', createBuffersParts(), { wish })
    shared.parts.collector.answer = outage
    shared.gate.run()
    await turn()
    await shared.track('b')
    const { parts, gate } = createPage('granted', shared.parts, { wish })
    gate.run()
    await turn()
    expect(await storedEvents(parts)).toEqual(['b'])
  })
})
