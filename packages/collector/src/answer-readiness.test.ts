import { fail, ok } from '@waybill/protocol'
import { expect, test, vi } from 'vitest'
import { NOW } from '../test/batches.ts'
import { collectorWith, ORIGIN } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import type { Sink } from './core/sink.ts'
import { type BatchLog, createCollector } from './index.ts'
import { webPlatform } from './web-platform.ts'

const ready = async () => ok(undefined)
const broken = async () =>
  fail({ kind: 'transient' as const, detail: 'answered 403 at https://me:pass@db.example/x?token=1' })

/** A sink that says so when it is asked. */
const sinkThat = (says: NonNullable<Sink['ready']>, options: { name?: string; required?: boolean } = {}): Sink => ({
  ...recordingSink(options),
  ready: says,
})

test('a collector whose sinks would take a batch is ready, and says which of them cannot be asked', async () => {
  const { app } = collectorWith({ sinks: [sinkThat(ready, { name: 'r2' }), recordingSink()] })
  const response = await app.request('/ready', { headers: { Origin: ORIGIN } })
  expect(response.status).toBe(200)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  expect(await response.json()).toEqual({
    status: 'ready',
    sinks: [
      { name: 'r2', required: true, status: 'ok' },
      { name: 'recording', required: true, status: 'unknown' },
    ],
  })
})

test('a required sink that fails makes it not ready, and why is for anybody’s eyes; the log has what it said', async () => {
  const log = vi.fn<(entry: BatchLog) => void>()
  const { app } = collectorWith({ sinks: [sinkThat(ready, { name: 'r2' }), sinkThat(broken, { name: 'db' })], log })
  const response = await app.request('/ready')
  expect(response.status).toBe(503)
  expect(response.headers.get('Retry-After')).toBe('5')
  expect(await response.json()).toMatchObject({
    status: 'not_ready',
    sinks: [{}, { name: 'db', status: 'failing', why: 'answered 403' }],
  })
  await app.request('/ready')
  expect(log.mock.calls).toMatchObject([
    [{ status: 503, sinks: [{ name: 'db', taken: false, detail: 'answered 403 at https://db.example' }] }],
  ])
})

test('the dead-letter sink is asked, too, and leaves the collector ready when it fails', async () => {
  const deadLetter = sinkThat(broken, { name: 'dead-letters' })
  const { app } = collectorWith({ sinks: [sinkThat(ready, { name: 'r2' })], deadLetter })
  const response = await app.request('/ready')
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    status: 'ready',
    sinks: [{ name: 'r2' }, { name: 'dead-letters', required: false, deadLetter: true, status: 'failing' }],
  })
})

test('a sink that throws fails, and one that is best-effort holds nothing up', async () => {
  const throwing = () => {
    throw new Error("ENOENT: no such file or directory, stat '/srv/events'")
  }
  const log = vi.fn<(entry: BatchLog) => void>()
  const sinks = [recordingSink(), sinkThat(throwing, { name: 'extra', required: false })]
  const { app } = collectorWith({ sinks, log })
  const response = await app.request('/ready')
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ sinks: [{}, { status: 'failing', why: 'failed' }] })
  expect(log.mock.lastCall?.[0]).toMatchObject({
    status: 200,
    sinks: [{ name: 'extra', detail: "Error: ENOENT: no such file or directory, stat '/srv/events'" }],
  })
})

/** A collector whose deadlines come when the test says so. */
function withTimers(sinks: Sink[], now: () => number) {
  const timers: (() => void)[] = []
  const platform = {
    ...webPlatform,
    after: (_: number, run: () => void) => {
      timers.push(run)
      return () => {}
    },
  }
  const keys = [{ key: 'wk_test', id: 'site', origins: 'localhost' as const }]
  return { app: createCollector({ keys, sinks, now }, platform), fire: () => timers.splice(0).map((run) => run()) }
}

test('a sink that hangs is given up after three seconds, and those who ask meanwhile are not kept waiting', async () => {
  const hanging = vi.fn<NonNullable<Sink['ready']>>(() => new Promise(() => {}))
  const { app, fire } = withTimers([sinkThat(hanging)], () => NOW)
  const first = app.request('/ready')
  const second = await app.request('/ready')
  expect(second.status).toBe(503)
  expect(await second.json()).toEqual({ status: 'checking', sinks: [] })
  fire()
  expect(await (await first).json()).toMatchObject({ sinks: [{ why: 'timed out' }] })
  expect(hanging).toHaveBeenCalledTimes(1)
})

test('sinks are asked again after five seconds, however often anybody asks', async () => {
  let now = NOW
  const asked = vi.fn(ready)
  const { app } = collectorWith({ sinks: [sinkThat(asked)], now: () => now })
  for (const [later, times] of [
    [0, 1],
    [4_999, 1],
    [1, 2],
    [0, 2],
    // The clock is set back by an hour.
    [-3_600_000, 3],
  ] as const) {
    now += later
    expect((await app.request('/ready')).status).toBe(200)
    expect(asked).toHaveBeenCalledTimes(times)
  }
})

test('a request that ended in the middle of asking does not keep others from it for ever', async () => {
  let now = NOW
  const asked = vi.fn<NonNullable<Sink['ready']>>(() => new Promise(() => {}))
  const { app } = withTimers([sinkThat(asked)], () => now)
  void app.request('/ready')
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1))
  now += 3_000
  void app.request('/ready')
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2))
})
