import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, cp, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFailed, test } from 'vitest'
import { makeBatch, toBody } from '../harness/batch.ts'
import { BIN, startCollectorProgram } from '../harness/collector-program.ts'
import { postBatch } from '../harness/post-batch.ts'
import { scale } from '../harness/scale.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'

const run = promisify(execFile)
const packages = join(import.meta.dirname, '../../packages')

/** A request that waits to be told to go on with its body. */
const HEAD = 'POST /v1/events?key=wk_dev HTTP/1.1\r\nHost: a\r\nOrigin: http://localhost\r\nContent-Type: text/plain'

const audit = async (dir: string) =>
  JSON.parse((await run(process.execPath, [join(packages, 'cli/dist/waybill.js'), 'audit', '--json', dir])).stdout)

/** A batch of some 150 KB, so that a write takes its time. */
function makeLargeBatch() {
  const { header, events } = makeBatch({ count: 10 })
  const body = toBody(
    header,
    events.map((event) => ({ ...event, properties: { note: 'x'.repeat(15_000) } })),
  )
  return { batchId: header.batchId, body }
}

test('killed at any instant, it has each batch whole that it answered with 200, and the audit of its files is complete', async () => {
  await using folder = await temporaryFolder('node-collector')
  const made: string[] = []
  let unanswered: { batchId: string; body: string }[] = []
  for (let round = 1; round <= 3 * scale; round++) {
    await using collector = await startCollectorProgram({ dir: folder.path })
    const open = new Set(unanswered)
    let answered = 0
    const present = async (batch: (typeof unanswered)[number]) => {
      open.add(batch)
      const { status } = await postBatch({ url: collector.url, key: collector.writeKey, body: batch.body })
      expect(status).toBe(200)
      open.delete(batch)
      // In the middle of what the other lanes have under way.
      if (++answered === 20 + round) collector.signal('SIGKILL')
    }
    const lane = async () => {
      for (const batch of unanswered.splice(0)) await present(batch)
      for (;;) {
        const batch = makeLargeBatch()
        made.push(batch.batchId)
        await present(batch)
      }
    }
    await Promise.allSettled(Array.from({ length: 8 }, lane))
    expect(await collector.exited).toBe('SIGKILL')
    unanswered = [...open]
    // A kill seldom tears a write, and a power cut does: half a line more, of what nobody was answered for.
    const [line = ''] = unanswered[0]?.body.split('\n').slice(1) ?? []
    const [file = ''] = await readdir(join(folder.path, 'dev'))
    await appendFile(join(folder.path, 'dev', file), line.slice(0, line.length / 2))
  }
  await using collector = await startCollectorProgram({ dir: folder.path })
  for (const { body } of unanswered) {
    expect((await postBatch({ url: collector.url, key: collector.writeKey, body })).status).toBe(200)
  }
  collector.signal('SIGTERM')
  expect(await collector.exited).toBe(0)
  expect(collector.stderr()).toMatch(/cut \d+ bytes off .*, of a write that no client was told of/)

  expect(await readdir(join(folder.path, 'dev'))).toEqual([expect.stringMatching(/^dt=\d{4}-\d\d-\d\d\.ndjson$/)])
  const report = await audit(folder.path)
  expect(report).toMatchObject({ verdict: 'complete', totals: { events: 10 * made.length, missing: 0 }, remarks: [] })
  expect(report.streams).toHaveLength(made.length)
})

test('asked to stop, it answers what is under way, takes nothing new, writes all down and exits with 0', async () => {
  await using folder = await temporaryFolder('node-collector')
  await using collector = await startCollectorProgram({ dir: folder.path })
  const { header, events } = makeBatch()
  const body = toBody(header, events)
  const { port } = new URL(collector.url)
  const socket = connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  socket.write(`${HEAD}\r\nExpect: 100-continue\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`)
  await expect.poll(() => answer).toContain('100 Continue')

  collector.signal('SIGTERM')
  await expect.poll(() => collector.stderr()).toContain('SIGTERM, finishing what is in flight')
  await expect(postBatch({ url: collector.url, key: 'wk_dev', body })).rejects.toThrow('ECONNREFUSED')
  socket.write(body)
  await once(socket, 'close')
  expect(answer).toContain('HTTP/1.1 200 OK')
  expect(answer.toLowerCase()).toContain('connection: close')
  expect(await collector.exited).toBe(0)
  expect(await audit(folder.path)).toMatchObject({ verdict: 'complete', totals: { events: 3 } })
  expect(JSON.parse(collector.stdout())).toMatchObject({
    status: 200,
    events: 3,
    sinks: [{ name: 'file', taken: true }],
  })
})

test('asked a second time, it ends at once; at its deadline it cuts off what is left, and says so', async () => {
  await using folder = await temporaryFolder('node-collector')
  const stuck = `${HEAD}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`
  for (const [grace, signals, code] of [
    ['3600', ['SIGINT', 'SIGTERM'], 143],
    ['0', ['SIGINT'], 1],
  ] as const) {
    await using collector = await startCollectorProgram({ dir: folder.path, args: ['--grace', grace] })
    const socket = connect(Number(new URL(collector.url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(stuck)
    await once(socket, 'data')
    for (const signal of signals) {
      collector.signal(signal)
      await expect.poll(() => collector.stderr()).toContain('SIGINT, finishing')
    }
    expect(await collector.exited).toBe(code)
    expect(collector.stderr().includes('cut off 1 in flight')).toBe(code === 1)
  }
})

test('started through npm, whose shell tells it nothing when it is asked to end, it stops by itself and lets go of its folder', async () => {
  await using folder = await temporaryFolder('node-collector')
  const shell = ['sh', '-c', '"$0" "$@" & echo $!; wait', process.execPath, BIN] as const
  const env = { npm_command: 'exec' }
  await using collector = await startCollectorProgram({ dir: folder.path, env }, shell)
  onTestFailed(() => void process.kill(Number.parseInt(collector.stdout(), 10), 'SIGKILL'))
  const { header, events } = makeBatch()
  const { status } = await postBatch({ url: collector.url, key: 'wk_dev', body: toBody(header, events) })
  expect(status).toBe(200)

  collector.signal('SIGTERM')
  // Its pipes are closed when the collector is gone, too.
  expect(await collector.exited).toBe('SIGTERM')
  expect(collector.stderr()).toMatch(/npm has ended, finishing what is in flight.*waybill: done/s)
  await using _ = await startCollectorProgram({ dir: folder.path })
  expect(await audit(folder.path)).toMatchObject({ verdict: 'complete', totals: { events: 3 } })
})

/** What a configuration imports, which is not installed where the tests write theirs. */
const imported = (name: string) => JSON.stringify(pathToFileURL(join(packages, 'collector/dist', name)).href)

const CONFIG = `
import { defineCollector, parseWriteKeys } from ${imported('index.js')}
import { fileSink } from ${imported('node.js')}
interface Env { WRITE_KEYS?: string; FOLDER?: string }
export default defineCollector((env: Env) => ({
  development: true,
  keys: env.WRITE_KEYS ? parseWriteKeys('WRITE_KEYS', env.WRITE_KEYS) : [],
  sinks: [env.FOLDER && fileSink({ dir: env.FOLDER, name: 'kept' })],
}))`

test('with --config it is what the file says, in TypeScript and with the environment, to the end of its sinks', async () => {
  await using folder = await temporaryFolder('node-collector')
  const config = 'waybill.config.ts'
  await writeFile(join(folder.path, config), CONFIG)
  const start = (env: NodeJS.ProcessEnv) => startCollectorProgram({ dir: folder.path, config, env })
  await expect(start({ FOLDER: '' })).rejects.toThrow(/ended with 2.*waybill: sinks: add at least one/s)
  await using collector = await start({ FOLDER: 'kept' })
  expect(collector.stderr()).toMatch(/Write keys +dev: wk_….*Sinks +kept: durable, required/s)
  // The folder is taken before the first batch comes.
  await expect(start({ FOLDER: 'kept' })).rejects.toThrow(/ended with 2.*dir: another collector writes to/s)
  const { header, events } = makeBatch()
  const { status } = await postBatch({ url: collector.url, key: 'wk_dev', body: toBody(header, events) })
  expect(status).toBe(200)
  collector.signal('SIGTERM')
  expect(await collector.exited).toBe(0)
  expect(collector.stdout()).toContain('kept ✓')
  expect(await audit(join(folder.path, 'kept'))).toMatchObject({ verdict: 'complete', totals: { events: 3 } })
})

test.each<[what: string, file: string, text: string | undefined, message: RegExp]>([
  ['that is not there', 'none.mjs', undefined, /--config: 'none.mjs' is not there, or imports what is not installed/],
  [
    'that Node cannot read',
    'a.yaml',
    'keys: []',
    /--config: 'a.yaml' is nothing that Node v\S+ reads. Write it in Java/,
  ],
  ['that exports something else', 'a.mjs', 'export default {}', /--config: 'a.mjs' must say export default defineColl/],
  ['that is no code', 'a.mjs', 'export default {', /'a.mjs' could not be run. SyntaxError: Unexpected end of input/],
  [
    'that reads what is no JSON',
    'a.mjs',
    "JSON.parse('x')",
    /'a.mjs' could not be run. SyntaxError: what was to be read/,
  ],
  ['that throws', 'a.mjs', "throw new Error('oops')", /--config: 'a.mjs' could not be run. Error: oops/],
])('a configuration %s is named, with exit code 2', async (_, config, text, message) => {
  await using folder = await temporaryFolder('node-collector')
  if (text !== undefined) await writeFile(join(folder.path, config), text)
  const starting = startCollectorProgram({ dir: folder.path, config })
  await expect(starting).rejects.toThrow(/^It ended with 2/)
  await expect(starting).rejects.toThrow(message)
})

test('what it cannot start with is named, with exit code 2', async () => {
  await using folder = await temporaryFolder('node-collector')
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const start = (args: string[], dir = folder.path) => startCollectorProgram({ dir, args })
  await expect(start(['--port', String(port)])).rejects.toThrow(/ended with 2.*port: \d+ of 127\.0\.0\.1 is taken/s)
  taken.close()
  await expect(start(['--host', '0.0.0.0'])).rejects.toThrow(/ended with 2.*WRITE_KEYS: set it/s)
  await using _ = await start([])
  await expect(start([])).rejects.toThrow(/ended with 2.*dir: another collector writes to/s)
})

test('it runs where nothing but what it depends on is installed beside it', async () => {
  await using folder = await temporaryFolder('npx')
  const modules = join(folder.path, 'node_modules')
  for (const name of ['collector', 'protocol']) {
    for (const part of ['dist', 'package.json']) {
      await cp(join(packages, name, part), join(modules, '@waybill', name, part), { recursive: true })
    }
  }
  const installed = join(modules, '@waybill/collector')
  const { dependencies, bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies).filter((name) => !name.startsWith('@waybill/'))) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(await realpath(join(packages, 'collector/node_modules', name)), join(modules, name))
  }
  await using collector = await startCollectorProgram({ dir: folder.path }, [
    process.execPath,
    join(installed, bin['waybill-collector']),
  ])
  collector.signal('SIGINT')
  expect(await collector.exited).toBe(0)
})
