import { type BatchId, PROBLEM_TYPE, type ProblemCode, problems } from '@waybill/protocol'
import { describe, expect, test } from 'vitest'
import { T0 } from '../../test/operations.ts'
import { type Answer, type Decision, decide, type Presentation } from './decide.ts'

const batchId = '0192d0c0-0000-7000-8000-000000000001:41-60' as BatchId
const another = '0192d0c0-0000-7000-8000-000000000001:61-80'
const HOUR = 3_600_000

const presentation: Presentation = { batchId, failures: 0, lines: 20, now: T0, random: 0.5 }

const json = (status: number, body: unknown): Answer => ({ status, retryAfter: null, body: JSON.stringify(body) })

/** A refusal as our collector words it. */
const problem = (code: ProblemCode, members: object = {}): Answer => {
  const { status, title } = problems[code]
  return json(status, { type: `${PROBLEM_TYPE}${code}`, title, status, code, detail: `why ${code}`, ...members })
}

const decideKept = (answer: Answer, parts: Partial<Presentation> = {}): Decision & { kind: 'kept' } => {
  const decision = decide(answer, { ...presentation, ...parts })
  if (decision.kind !== 'kept') throw new Error(`it was ${decision.kind}`)
  return decision
}

describe('a batch is forgotten', () => {
  test('on a 200 that names it, with what it says was rejected', () => {
    const rejected = [{ seq: 43, messageId: 'm', code: 'invalid_event', detail: 'd' }]
    expect(decide(json(200, { batchId, recorded: 19, rejected }), presentation)).toEqual({
      kind: 'recorded',
      recorded: 19,
      rejected,
    })
  })

  test('also when the collector says more than we know', () => {
    const answer = json(200, { batchId, recorded: 20, rejected: [], colour: 'blue' })
    expect(decide(answer, presentation)).toMatchObject({ kind: 'recorded', recorded: 20 })
  })

  test.each<[why: string, answer: Answer]>([
    ['a 200 that names another batch', json(200, { batchId: another, recorded: 20, rejected: [] })],
    ['a 200 that names none', json(200, { recorded: 20, rejected: [] })],
    ['a 200 that does not say what was rejected', json(200, { batchId, recorded: 20 })],
    ['a 200 that does not say how many are recorded', json(200, { batchId, rejected: [] })],
    ['a captive portal’s 200', { status: 200, retryAfter: null, body: '<html>Please log in</html>' }],
    ['an empty 200', { status: 200, retryAfter: null, body: '' }],
    ['a 200 of null', json(200, null)],
    ['a 200 of a text', json(200, batchId)],
    ['a 200 of a list', json(200, [{ batchId }])],
    ['a 200 that was cut short', { status: 200, body: `{"batchId":"${batchId}","recorded":20,"rej` }],
    ['a 201 that names it', json(201, { batchId, recorded: 20, rejected: [] })],
    ['a 204', { status: 204, retryAfter: null, body: '' }],
  ])('not on %s', (_why, answer) => {
    expect(decideKept(answer)).toMatchObject({
      wait: 500,
      byServer: false,
      error: { code: `http_${answer.status}`, at: '2026-11-22T10:00:00.000Z' },
    })
  })
})

describe('a batch is halved', () => {
  test.each<ProblemCode>(['body_too_large', 'batch_too_large', 'too_many_events'])(
    'on our %s that names it',
    (code) => {
      expect(decide(problem(code, { batchId }), presentation)).toEqual({ kind: 'halved' })
    },
  )

  test.each<[why: string, answer: Answer, parts?: Partial<Presentation>]>([
    ['that names another batch', problem('batch_too_large', { batchId: another })],
    ['that names none', problem('body_too_large')],
    ['when a sink has it already', problem('batch_too_large', { batchId }), { receipt: 'r1' }],
    ['when it holds one line only', problem('batch_too_large', { batchId }), { lines: 1 }],
    ['of a proxy', { status: 413, body: '<html>Request Entity Too Large</html>' }],
    ['of somebody who names it but is not ours', json(413, { type: 'about:blank', batchId })],
  ])('not on a 413 %s', (_why, answer, parts) => {
    expect(decideKept(answer, parts)).toMatchObject({
      wait: 500,
      receipt: parts?.receipt,
      error: { at: expect.any(String) },
    })
  })

  test('and two lines are the fewest', () => {
    expect(decide(problem('too_many_events', { batchId }), { ...presentation, lines: 2 }).kind).toBe('halved')
  })
})

describe('a 202 that names the batch', () => {
  test('is no trouble: the batch is presented again after Retry-After', () => {
    const answer = { ...json(202, { batchId, retryAfter: 9, receipt: 'r1' }), retryAfter: '7' }
    expect(decide(answer, presentation)).toEqual({ kind: 'kept', wait: 7_000, byServer: true, receipt: 'r1' })
  })

  test('says in its body when to come back, where the header can’t be seen', () => {
    expect(decideKept(json(202, { batchId, retryAfter: 9 }))).toMatchObject({ wait: 9_000, byServer: true })
  })

  test('that names no time is asked again in a second', () => {
    expect(decideKept(json(202, { batchId }))).toEqual({
      kind: 'kept',
      wait: 1_000,
      byServer: true,
      receipt: undefined,
    })
  })

  test('keeps the receipt that we have when it brings none', () => {
    expect(decideKept(json(202, { batchId, retryAfter: 1 }), { receipt: 'r0' }).receipt).toBe('r0')
  })

  test('of another batch is an outage', () => {
    expect(decideKept(json(202, { batchId: another, receipt: 'r9' }), { receipt: 'r0' })).toMatchObject({
      receipt: 'r0',
      byServer: false,
      error: { code: 'http_202' },
    })
  })
})

describe('a refusal of the whole site', () => {
  test.each<[code: ProblemCode, status: number]>([
    ['unknown_key', 401],
    ['origin_not_allowed', 403],
    ['not_found', 404],
  ])('%s of ours is told, and asked about rarely', (code, status) => {
    const answer = problem(code)
    expect(answer.status).toBe(status)
    expect(decideKept(answer, { random: 1 })).toEqual({
      kind: 'kept',
      wait: 60_000,
      byServer: false,
      receipt: undefined,
      error: { code, detail: `why ${code}`, at: '2026-11-22T10:00:00.000Z', refused: true },
    })
  })

  test.each([401, 403, 404])('a %i of somebody else is an outage like any other', (status) => {
    expect(decideKept({ status, body: '<html>' }, { random: 1 })).toMatchObject({
      wait: 1_000,
      error: { code: `http_${status}`, detail: '' },
    })
  })
})

describe('everything else is an outage', () => {
  test.each<[what: string, answer: Answer, error: object]>([
    [
      'no answer',
      { status: 0, failure: 'TypeError: Failed to fetch' },
      { code: 'outage', detail: 'TypeError: Failed to fetch' },
    ],
    ['a proxy’s 400', { status: 400, body: '<html>Bad Request</html>' }, { code: 'http_400', detail: '' }],
    ['a 500 of nobody’s', { status: 500 }, { code: 'http_500', detail: '' }],
    ['our own 400', problem('range_mismatch', { batchId }), { code: 'range_mismatch', detail: 'why range_mismatch' }],
    ['our own 500', problem('internal_error', { batchId }), { code: 'internal_error' }],
    ['a redirect', { status: 302, body: '' }, { code: 'http_302' }],
    ['a 429', { status: 429, body: 'slow down' }, { code: 'http_429' }],
  ])('%s', (_what, answer, error) => {
    expect(decideKept(answer)).toMatchObject({ wait: 500, byServer: false, error })
  })

  test('a 503 of ours may bring a receipt', () => {
    const answer = { ...problem('sink_unavailable', { batchId, retryAfter: 2, receipt: 'r2' }), retryAfter: '2' }
    expect(decideKept(answer, { receipt: 'r1' })).toMatchObject({
      wait: 2_000,
      byServer: true,
      receipt: 'r2',
      error: { code: 'sink_unavailable' },
    })
  })

  test('a receipt that is no text, or for another batch, is none', () => {
    expect(decideKept(problem('sink_unavailable', { batchId, receipt: { r: 2 } })).receipt).toBeUndefined()
    expect(decideKept(problem('sink_unavailable', { batchId: another, receipt: 'r2' })).receipt).toBeUndefined()
  })
})

describe('backoff', () => {
  const outage: Answer = { status: 0, failure: 'reset' }
  const waitOf = (failures: number, random: number, answer = outage) => decideKept(answer, { failures, random }).wait

  test('doubles from a second to an hour', () => {
    const longest = [0, 1, 2, 3, 10, 11, 12, 13].map((failures) => waitOf(failures, 1))
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 1_024_000, 2_048_000, HOUR, HOUR])
  })

  test('has full jitter', () => {
    expect([0, 0.25, 0.5, 1].map((random) => waitOf(2, random))).toEqual([0, 1_000, 2_000, 4_000])
  })

  test('goes on for ever, an hour at most, however many failures there were', () => {
    for (const failures of [100, 1_000, 1_025, 5_000, Number.MAX_SAFE_INTEGER]) {
      expect([waitOf(failures, 0), waitOf(failures, 0.5), waitOf(failures, 1)]).toEqual([0, HOUR / 2, HOUR])
    }
  })

  test('of a refusal doubles from a minute to an hour', () => {
    const longest = [0, 1, 5, 6, 2_000].map((failures) => waitOf(failures, 1, problem('unknown_key')))
    expect(longest).toEqual([60_000, 120_000, 1_920_000, HOUR, HOUR])
  })
})

describe('Retry-After', () => {
  /** On a 202, which asks for nothing but patience. */
  const waitFor = (retryAfter: string) => decideKept({ ...json(202, { batchId }), retryAfter }).wait

  test.each<[text: string, wait: number]>([
    ['120', 120_000],
    ['0', 1_000],
    ['1.5', 1_500],
    ['-30', 1_000],
    ['3600', HOUR],
    ['86400', HOUR],
    ['1e999', HOUR],
    ['Sun, 22 Nov 2026 10:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 1_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', HOUR],
  ])('of %s is clamped to an hour; now, or a time that is past, is none', (text, wait) => {
    expect(waitFor(text)).toBe(wait)
  })

  test.each(['', 'soon', 'NaN', 'Sun, 99 Nov 2026 10:00:30 GMT'])('of "%s" is none', (text) => {
    expect(waitFor(text)).toBe(1_000)
    expect(decideKept({ status: 503, retryAfter: text })).toMatchObject({ wait: 500, byServer: false })
  })

  test.each([{}, null, 'soon'])('of %j in a body is none', (retryAfter) => {
    expect(decideKept(problem('sink_unavailable', { retryAfter }))).toMatchObject({ wait: 500, byServer: false })
  })

  test('of an outage holds as well', () => {
    const answer: Answer = { status: 503, retryAfter: '20', body: '<html>' }
    expect(decideKept(answer, { failures: 9 }).wait).toBe(20_000)
  })

  test('is not taken from a body when the header has it', () => {
    expect(decideKept({ ...problem('sink_unavailable', { retryAfter: 50 }), retryAfter: '5' }).wait).toBe(5_000)
  })
})

test('a proxy that answers every attempt with Retry-After: 0 is not asked without a pause', () => {
  const waits = [0, 5, 10, 20].map(
    (failures) => decideKept({ status: 503, retryAfter: '0' }, { failures, random: 1 }).wait,
  )
  expect(Math.min(...waits)).toBeGreaterThan(0)
})
