import { describe, expect, test, vi } from 'vitest'
import { batchOf, headerOf, lineOf, linesOf, NOW, STREAM } from '../test/batches.ts'
import { acceptedOf, collectorWith, KEY, ORIGIN, present, problemOf, recordedOf } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import { createTimers } from '../test/timers.ts'
import {
  type BatchLog,
  type CollectorOptions,
  memorySignatureCache,
  noSignatureCache,
  type SignatureCache,
} from './index.ts'

const batchId = `${STREAM}:1-2`
const BUDGET = 3_000
const DEADLINE = 10_000
const LOOK_AGAIN = 500
const CACHE_PATIENCE = 250

/** A batch as it is presented for the n-th time. */
const attemptOf = (attempt: number, members = {}) =>
  `${headerOf(1, 2, { attempt, ...members })}\n${linesOf(1, 2).join('\n')}\n`

/** A sink that takes a batch when the test says so, and then each batch that waits. */
function slowSink(name = 'slow', required = true) {
  const waiting: (() => void)[] = []
  const beginnings: (() => void)[] = []
  let begun = 0
  const sink = recordingSink({
    name,
    required,
    before: () =>
      new Promise((resolve) => {
        begun++
        waiting.push(() => resolve(undefined))
        for (const hear of beginnings.splice(0)) hear()
      }),
  })
  return {
    sink,
    get begun() {
      return begun
    },
    /** Waits until it was handed so many batches. */
    async beginning(count: number) {
      while (begun < count) await new Promise<void>((resolve) => beginnings.push(resolve))
    },
    finish: () => {
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

function setUp(options: Partial<CollectorOptions> = {}) {
  const slow = slowSink()
  const timers = createTimers()
  const log = vi.fn<(entry: BatchLog) => void>()
  const { app } = collectorWith({ sinks: [slow.sink], log, ...options }, { after: timers.after })
  return { slow, timers, log, app }
}

/** Resolves when it has been called so often. */
const logged = (log: ReturnType<typeof setUp>['log'], times = 1) =>
  vi.waitFor(() => expect(log).toHaveBeenCalledTimes(times))

describe('the first presentation of a batch', () => {
  test('that is recorded within the waiting budget hears 200', async () => {
    const { app, slow } = setUp()
    const answer = present(app, attemptOf(1))
    await slow.beginning(1)
    slow.finish()
    expect(await recordedOf(await answer)).toEqual({ batchId, recorded: 2, rejected: [] })
  })

  test('that is not hears 202 and when to come back: when its sinks have it or have failed', async () => {
    const { app, timers, slow } = setUp()
    const answer = present(app, attemptOf(1))
    await slow.beginning(1)
    await timers.fire(BUDGET)
    const response = await answer
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
    expect(await acceptedOf(response)).toEqual({ batchId, retryAfter: (DEADLINE - BUDGET) / 1_000 })
  })

  test('goes on after a 202, and is logged with what became of it', async () => {
    const { app, slow, timers, log } = setUp()
    const background: Promise<unknown>[] = []
    const context = {
      waitUntil: (work: Promise<unknown>) => void background.push(work),
      passThroughOnException() {},
      props: {},
    }
    const request = new Request(`https://collector.example/v1/events?key=${KEY}`, {
      method: 'POST',
      body: attemptOf(1),
      headers: { Origin: ORIGIN, 'Content-Type': 'text/plain' },
    })
    const answer = app.request(request, undefined, undefined, context)
    await slow.beginning(1)
    // Before the answer, as the client may leave.
    expect(background).toHaveLength(1)
    await timers.fire(BUDGET)
    await acceptedOf(await answer)
    expect(log).not.toHaveBeenCalled()
    slow.finish()
    await Promise.all(background)
    expect(slow.sink.batches.size).toBe(1)
    expect(log.mock.calls).toEqual([
      [
        expect.objectContaining({
          status: 202,
          batchId,
          sinks: [{ name: 'slow', taken: true, ms: expect.any(Number) }],
        }),
      ],
    ])
  })

  test('is told at once when a budget of 0 wants it', async () => {
    const { app, timers } = setUp({ waitingBudget: 0 })
    const answer = present(app, attemptOf(1))
    await timers.fire(0)
    expect((await acceptedOf(await answer)).retryAfter).toBe(10)
  })

  test('hears 503 when a sink has failed and another is still at it, and not to come back before that is over', async () => {
    const failing = recordingSink({ name: 'failing', before: async () => ({ kind: 'transient', detail: 'full' }) })
    const slow = slowSink()
    const { app, timers } = setUp({ sinks: [failing, { ...slow.sink, deadline: 20_000 }] })
    const answer = present(app, attemptOf(1))
    await slow.beginning(1)
    // The one has failed by then.
    await new Promise((resolve) => setTimeout(resolve))
    await timers.fire(BUDGET)
    const problem = await problemOf(await answer)
    expect(problem).toMatchObject({ status: 503, batchId, retryAfter: 17 })
    expect(problem.detail).toContain('failing')
    expect(problem.detail).not.toContain('slow')
  })

  test('waits for no best-effort sink', async () => {
    const { app } = setUp({ sinks: [recordingSink(), slowSink('slow', false).sink] })
    await recordedOf(await present(app, attemptOf(1)))
  })

  test('leaves no timer behind', async () => {
    const { app, timers, log } = setUp({ sinks: [recordingSink()] })
    await recordedOf(await present(app, attemptOf(1)))
    await logged(log)
    expect(timers.waiting).toEqual([])
  })
})

test('a copy is not waited for, as nobody hears its answer', async () => {
  const { app, slow, timers, log } = setUp()
  const answer = present(app, attemptOf(1, { copy: true }))
  await slow.beginning(1)
  await timers.fire(0)
  await acceptedOf(await answer)
  const another = await acceptedOf(await present(app, attemptOf(1, { copy: true })))
  expect(another).toEqual({ batchId, retryAfter: 10 })
  expect(slow.begun).toBe(1)
  slow.finish()
  await logged(log, 2)
  await recordedOf(await present(app, attemptOf(1, { copy: true })))
})

describe('a batch that is presented again', () => {
  test('gets through without any cache, with sinks that need longer than the budget: it is waited for', async () => {
    const { app, slow, timers } = setUp({ signatureCache: noSignatureCache })
    const first = present(app, attemptOf(1))
    await slow.beginning(1)
    await timers.fire(BUDGET)
    await acceptedOf(await first)
    const second = present(app, attemptOf(2))
    await slow.beginning(2)
    expect(timers.waiting).not.toContain(BUDGET)
    slow.finish()
    await recordedOf(await second)
  })

  test('hears 503 at the deadline of its sinks, so that it is never put off for ever', async () => {
    const { app, slow, timers } = setUp({ signatureCache: noSignatureCache })
    const answer = present(app, attemptOf(2))
    await slow.beginning(1)
    await timers.fire(DEADLINE)
    expect((await problemOf(await answer)).code).toBe('sink_unavailable')
  })

  test('is answered from the cache when it is done, and handed to no sink', async () => {
    const { app, slow, timers, log } = setUp()
    const lines = [lineOf(1), lineOf(2, { event: '' })]
    const first = present(app, batchOf(1, 2, lines))
    await slow.beginning(1)
    await timers.fire(BUDGET)
    await acceptedOf(await first)
    slow.finish()
    await logged(log)
    const again = await recordedOf(await present(app, `${headerOf(1, 2, { attempt: 2 })}\n${lines.join('\n')}\n`))
    expect(again).toMatchObject({ batchId, recorded: 1, rejected: [{ seq: 2, code: 'invalid_event' }] })
    expect(slow.begun).toBe(1)
    await logged(log, 2)
    expect(log.mock.lastCall?.[0]).toMatchObject({ status: 200, remembered: 'done', sinks: [] })
  })

  test('waits for the request that is at it, and hears what became of that', async () => {
    const { app, slow, timers, log } = setUp()
    const first = present(app, attemptOf(1))
    await slow.beginning(1)
    await timers.fire(BUDGET)
    await acceptedOf(await first)
    const second = present(app, attemptOf(2))
    await timers.fire(LOOK_AGAIN)
    await timers.fire(LOOK_AGAIN)
    slow.finish()
    await logged(log)
    await timers.fire(LOOK_AGAIN)
    await recordedOf(await second)
    expect(slow.begun).toBe(1)
  })

  test('is waited for as well when only the cache knows that it is one', async () => {
    const { app, slow, timers, log } = setUp()
    const answers = [present(app, attemptOf(1))]
    await slow.beginning(1)
    answers.push(present(app, attemptOf(1)))
    await timers.fire(LOOK_AGAIN)
    await timers.fire(BUDGET)
    slow.finish()
    await logged(log)
    await timers.fire(LOOK_AGAIN)
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202, 200])
  })

  test('takes over at once from a request that has failed', async () => {
    const { app, slow, timers, log } = setUp()
    const first = present(app, attemptOf(1))
    await slow.beginning(1)
    await timers.fire(BUDGET)
    await acceptedOf(await first)
    const second = present(app, attemptOf(2))
    await timers.fire(LOOK_AGAIN)
    await timers.fire(DEADLINE)
    await logged(log)
    await timers.fire(LOOK_AGAIN)
    await slow.beginning(2)
    slow.finish()
    await recordedOf(await second)
  })

  test('takes over, after the deadline of its sinks, from a request that has died', async () => {
    const signatureCache = memorySignatureCache({ now: () => NOW })
    const dead = setUp({ signatureCache })
    present(dead.app, attemptOf(1))
    await dead.slow.beginning(1)
    const { app, slow, timers } = setUp({ signatureCache })
    // What this client presents for the first time another request has begun with: a copy, or the network's own repeat.
    const answer = present(app, attemptOf(1))
    // The destination is the same, and the cache never forgets by itself.
    for (let waited = 0; waited < DEADLINE; waited += LOOK_AGAIN) await timers.fire(LOOK_AGAIN)
    await slow.beginning(1)
    expect(timers.waiting).not.toContain(BUDGET)
    slow.finish()
    await recordedOf(await answer)
  })

  test.each<[what: string, again: string, options: Partial<CollectorOptions>, query?: Record<string, string>]>([
    ['of other bytes', `${headerOf(1, 2)}\n${lineOf(1)}\n${lineOf(2, { event: 'Else' })}\n`, {}],
    ['of another site', attemptOf(1), {}, { key: 'wk_other' }],
    ['for another sink', attemptOf(1), { sinks: [recordingSink({ name: 'other' })] }],
    ['for a sink that is another destination now', attemptOf(1), { sinks: [{ ...recordingSink(), generation: '2' }] }],
    ['for one sink more', attemptOf(1), { sinks: [recordingSink(), recordingSink({ name: 'other' })] }],
  ])('is another batch: one %s', async (_, again, options, query = {}) => {
    const signatureCache = memorySignatureCache({ now: () => NOW })
    const keys = [KEY, 'wk_other'].map((key) => ({ key, id: key, origins: [ORIGIN] }))
    const first = collectorWith({ signatureCache, keys })
    await recordedOf(await present(first.app, attemptOf(1)))
    const log = vi.fn<(entry: BatchLog) => void>()
    const sinks = [recordingSink()]
    const second = collectorWith({ signatureCache, keys, sinks, log, ...options })
    await recordedOf(await present(second.app, again, { query }))
    await logged(log)
    expect(log.mock.lastCall?.[0].remembered).toBeUndefined()
    expect(log.mock.lastCall?.[0].sinks).not.toEqual([])
  })
})

describe('"done" is remembered', () => {
  /** A cache of which one can see what was written. */
  function openCache() {
    const written: string[] = []
    const cache = memorySignatureCache({ now: () => NOW })
    const signatureCache: SignatureCache = {
      ...cache,
      write(signature, text, seconds) {
        written.push(`${JSON.parse(text).state} ${seconds}`)
        return cache.write(signature, text, seconds)
      },
      forget(signature) {
        written.push('forgotten')
        return cache.forget(signature)
      },
    }
    return { written, signatureCache }
  }

  test('only when the last required sink has acknowledged; until then it is "in progress" for as long as that may take', async () => {
    const { written, signatureCache } = openCache()
    const { app, slow, log } = setUp({ signatureCache })
    const answer = present(app, attemptOf(1))
    await slow.beginning(1)
    expect(written).toEqual(['in_progress 10'])
    slow.finish()
    await recordedOf(await answer)
    await logged(log)
    expect(written).toEqual(['in_progress 10', 'done 3600'])
  })

  test('never when one of them has failed', async () => {
    const { written, signatureCache } = openCache()
    const failing = recordingSink({ name: 'failing', before: async () => ({ kind: 'transient', detail: 'full' }) })
    const { app, log } = setUp({ signatureCache, sinks: [recordingSink(), failing] })
    expect((await present(app, attemptOf(1))).status).toBe(503)
    await logged(log)
    expect(written).toEqual(['in_progress 10', 'forgotten'])
  })
})

describe('a cache that', () => {
  const reject = () => Promise.reject(new Error('no cache today'))
  const throwNow = () => {
    throw new Error('no cache at all')
  }
  const hang = () => new Promise<never>(() => {})
  const saying = (text: string): SignatureCache => ({ ...noSignatureCache, read: async () => text })

  test.each<[what: string, cache: SignatureCache]>([
    ['rejects', { read: reject, write: reject, forget: reject }],
    ['throws', { read: throwNow, write: throwNow, forget: throwNow }],
    ['says what is no JSON', saying('<html>')],
    ['says something else', saying('{"state":"done"}')],
    ['says null', saying('null')],
    ['says what a later release wrote', saying('{"state":"done","recorded":"all","rejected":[]}')],
  ])('%s harms no answer', async (_, signatureCache) => {
    const { app, sink } = collectorWith({ signatureCache })
    for (const attempt of [1, 2]) await recordedOf(await present(app, attemptOf(attempt)))
    expect(sink.batches.size).toBe(1)
  })

  test('hangs is left, and holds back neither the answer nor the log', async () => {
    const signatureCache = { read: hang, write: hang, forget: hang }
    const { app, timers, log } = setUp({ signatureCache, sinks: [recordingSink()] })
    const answer = present(app, attemptOf(1))
    await timers.fire(CACHE_PATIENCE)
    await recordedOf(await answer)
    await timers.fire(CACHE_PATIENCE)
    await timers.fire(CACHE_PATIENCE)
    await logged(log)
  })
})

describe('Prefer (RFC 7240)', () => {
  test('wait=n is the budget, and is said to be applied', async () => {
    const { app, slow, timers } = setUp()
    const answer = present(app, attemptOf(1), { headers: { Prefer: 'respond-async, wait=7' } })
    await slow.beginning(1)
    await timers.fire(7_000)
    const response = await answer
    expect(response.headers.get('Preference-Applied')).toBe('respond-async, wait=7')
    expect((await acceptedOf(response)).retryAfter).toBe(3)
  })

  test('wait=n beyond the last deadline waits until that, however large: no timer is set to it', async () => {
    const { app, slow, timers } = setUp()
    const answer = present(app, attemptOf(1), { headers: { Prefer: 'wait=9999999' } })
    await slow.beginning(1)
    expect(Math.max(...timers.waiting)).toBe(DEADLINE)
    await timers.fire(DEADLINE)
    const response = await answer
    expect(response.status).toBe(503)
    expect(response.headers.get('Preference-Applied')).toBe('wait=9999999')
  })

  test('a repeat is waited for whatever it prefers, and is told nothing else', async () => {
    const { app, slow } = setUp()
    const answer = present(app, attemptOf(2), { headers: { Prefer: 'respond-async, wait=0' } })
    await slow.beginning(1)
    slow.finish()
    const response = await answer
    await recordedOf(response)
    expect(response.headers.get('Preference-Applied')).toBeNull()
  })

  test('who prefers nothing is told nothing', async () => {
    const { app } = collectorWith()
    expect((await present(app, attemptOf(1))).headers.get('Preference-Applied')).toBeNull()
  })
})

test('a sink may have a deadline of its own', async () => {
  const patient = slowSink('patient')
  const { app, timers } = setUp({ sinks: [{ ...patient.sink, deadline: 25_000 }] })
  const answer = present(app, attemptOf(2))
  await patient.beginning(1)
  await timers.fire(25_000)
  expect((await answer).status).toBe(503)
})
