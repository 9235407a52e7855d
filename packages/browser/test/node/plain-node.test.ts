import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Runs a module in a Node of its own; resolves to what it printed, once that Node has ended by itself. */
async function run(module: string): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', module],
    { cwd: import.meta.dirname, timeout: 20_000 },
  )
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

const entry = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)
const timers = `process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate')`

test('where there is no browser, to import the SDK and to create a Waybill does nothing and leaves no timer', async () => {
  const left = await run(`
    const before = Object.keys(globalThis)
    const { createWaybill } = await import(${entry})
    createWaybill({ endpoint: 'https://collector.example', writeKey: 'wk_1' })
    await new Promise(setImmediate)
    const globals = Object.keys(globalThis).filter((name) => !before.includes(name))
    console.log(JSON.stringify({ timers: ${timers}, globals }))
  `)
  expect(left).toEqual({ timers: [], globals: [] })
})

test('where there is no browser every call is dropped and says so, and nothing is fetched', async () => {
  const told = await run(`
    const fetched = []
    globalThis.fetch = (url) => fetched.push(String(url))
    const { createWaybill, pageView, touch } = await import(${entry})
    const accumulators = [touch(), pageView()]
    const waybill = createWaybill({ endpoint: 'https://collector.example', writeKey: 'wk_1', flushAt: 1, accumulators })
    const dropped = []
    waybill.on('dropped', ({ reason }) => dropped.push(reason))
    const results = await Promise.all([
      waybill.track('a'), waybill.page(), waybill.identify('u'), waybill.group('g'), waybill.register({ a: 1 }),
      waybill.unregister('a'), waybill.reset(),
    ])
    const { pending, seq, storage } = await waybill.stats()
    const told = await new Promise((resolve) => waybill.subscribe(resolve))
    const state = await waybill.state()
    console.log(JSON.stringify({ results, dropped, pending, seq, storage, told, state, fetched, timers: ${timers} }))
  `)
  const result = { status: 'dropped', reason: 'no_browser' }
  expect(told).toEqual({
    results: Array(7).fill(result),
    dropped: Array(7).fill('no_browser'),
    pending: 0,
    seq: 0,
    storage: 'memory',
    told: { registered: {} },
    state: { registered: {} },
    fetched: [],
    timers: [],
  })
})
