import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Setting, SinkCheck } from '@waybill/collector'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const root = join(import.meta.dirname, '../../..')
const collector = pathToFileURL(join(root, 'packages/collector/dist/index.js')).href

let folder: string
const posted: string[] = []
let status = 204
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  posted.push(Buffer.concat(chunks).toString())
  response.writeHead(status).end()
})
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-check-'))
  await once(receiver.listen(0, '127.0.0.1'), 'listening')
  await writeFile(join(folder, 'settings.env'), `HOOK='${hook()}'\nHOOK_SECRET=top-secret-and-of-more-than-24-bytes\n`)
  await writeFile(join(folder, 'collector.config.ts'), CONFIG)
})
afterEach(() => {
  posted.length = 0
  status = 204
})
afterAll(async () => {
  receiver.close()
  await rm(folder, { recursive: true })
})

const hook = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/secret-path`

const CONFIG = `
import { defineCollector, webhookSink } from '${collector}'
interface Settings { HOOK: string; HOOK_SECRET: string }
export default defineCollector((env: Settings) => ({
  keys: [{ key: 'wk_live_12345678', id: 'shop', origins: ['https://www.example.com'] }],
  sinks: [webhookSink({ url: env.HOOK, secret: env.HOOK_SECRET })],
}))
`

const check = (...args: string[]) => runProgram(['check', ...args], { cwd: folder })
const settings = ['--env-file', 'settings.env']

describe('waybill check', () => {
  test('shows the configuration without its secrets, and sends each sink a marked event', async () => {
    const { code, stdout } = await check(...settings)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}keys +shop: wk_live_… from https:\/\/www\.example\.com$/m)
    expect(stdout).toMatch(/^ {2}sinkDeadline +10000 ms$/m)
    expect(stdout).toMatch(/\n {2}webhook {2}taken {2}\d+ ms\n$/)
    expect(stdout).not.toMatch(/12345678|top-secret|secret-path/)
    expect(posted.map((body) => JSON.parse(body))).toEqual([
      [expect.objectContaining({ type: 'track', event: 'Waybill Check', seq: 1, anonymousId: 'waybill-check' })],
    ])
  })

  test('a sink that does not take it is named, with exit code 1', async () => {
    status = 403
    const { code, stdout } = await check(...settings)
    expect(code).toBe(1)
    expect(stdout).toMatch(/\n {2}webhook {2}failed {2}\d+ ms {2}answered 403\n$/)
  })

  test('the dead-letter sink is tried as well, and marked', async () => {
    const config = CONFIG.replace(
      /(sinks: .*)\n/,
      "$1\n  deadLetter: webhookSink({ url: env.HOOK, secret: env.HOOK_SECRET, name: 'dead' }),\n",
    )
    await writeFile(join(folder, 'dead-letter.config.ts'), config)
    const { code, stdout } = await check('--config', 'dead-letter.config.ts', ...settings)
    expect(code).toBe(0)
    expect(stdout).toMatch(/\n {2}dead \(dead letter\) +taken +\d+ ms\n$/)
    expect(posted).toHaveLength(2)
  })

  test('sends nothing when asked not to', async () => {
    const { code, stdout } = await check(...settings, '--no-send')
    expect(code).toBe(0)
    expect(stdout).not.toContain('Waybill Check')
    expect(posted).toEqual([])
  })

  test('says as JSON what it says to people', async () => {
    const { stdout } = await check(...settings, '--json')
    const { configuration, sinks }: { configuration: Setting[]; sinks: SinkCheck[] } = JSON.parse(stdout)
    expect(configuration[0]).toEqual({ name: 'path', value: '/v1/events' })
    expect(sinks).toEqual([{ name: 'webhook', required: true, outcome: 'taken', ms: expect.any(Number) }])
  })

  test('a setting that cannot work is named, with exit code 1', async () => {
    const { code, stdout, stderr } = await check()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('webhook url: use a whole URL')
  })

  test('a Worker whose wrangler is not installed: says which sinks can’t be checked from here', async () => {
    await writeFile(join(folder, 'wrangler.jsonc'), '{}')
    try {
      const { stdout } = await check(...settings)
      expect(stdout).toContain('wrangler.jsonc binds what this machine has not')
      expect(stdout).toContain('GET /ready')
    } finally {
      await rm(join(folder, 'wrangler.jsonc'))
    }
  })

  test('a Worker’s bindings are those of wrangler', async () => {
    const { stdout, stderr } = await runProgram(['check', '--json'], {
      cwd: join(root, 'apps/collector'),
      env: {
        ...process.env,
        ENVIRONMENT: 'development',
        WRANGLER_SEND_METRICS: 'false',
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      },
    })
    expect(stdout, stderr).not.toBe('')
    const { sinks, note } = JSON.parse(stdout)
    expect(sinks).toEqual([{ name: 'r2', required: true, outcome: 'taken', ms: expect.any(Number) }])
    expect(note).toContain('empty stand-ins on this machine')
  }, 30_000)
})

describe('a configuration that can’t be loaded is named with the mend, with exit code 2', () => {
  test.each<[what: string, file: string | undefined, content: string, message: string]>([
    ['none', 'nowhere.ts', '', 'nowhere.ts: there is no such file.'],
    ['nothing that is exported', 'empty.mjs', '', 'it must say `export default defineCollector('],
    ['another export', 'other.mjs', 'export default {}', 'it must say `export default defineCollector('],
    ['a package that is missing', 'missing.mjs', "import 'no-such-package'", 'Install what it imports.'],
    ['an import of workerd’s', 'workerd.mjs', "import 'cloudflare:workers'", 'Take bindings from `env` instead.'],
    ['more than types', 'enum.ts', 'enum A { B }', 'Node takes types out, and no more'],
    ['code that cannot be read', 'brace.mjs', 'export default {', 'It could not be run. SyntaxError: Unexpected'],
    ['what is no JSON', 'json.mjs', "JSON.parse('hunter2')", 'It could not be run. It reads what is no JSON.\n'],
    ['what throws', 'throws.mjs', "throw new Error('no luck')", 'It could not be run. Error: no luck'],
  ])('%s', async (_, file, content, message) => {
    if (content || file?.startsWith('empty')) await writeFile(join(folder, file as string), content)
    const { code, stdout, stderr } = await check('--config', file as string)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('a folder without one', async () => {
    const { code, stderr } = await runProgram(['check'], { cwd: tmpdir() })
    expect(code).toBe(2)
    expect(stderr).toBe('waybill: There is no collector.config.ts here. Name your configuration with --config.\n')
  })

  test('a file of variables that is not there', async () => {
    const { code, stderr } = await check('--env-file', 'nowhere.env')
    // Node 22 takes the option for its own, wherever it stands, and ends with 9: https://github.com/nodejs/node/issues/54232
    expect([2, 9]).toContain(code)
    expect(stderr).toContain('nowhere.env')
  })

  test('a file that is named without --config', async () => {
    expect((await check('collector.config.ts')).stderr).toContain('--config collector.config.ts')
  })
})

test('the configuration that the README shows works as it stands', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const shown = readme.match(/```ts\n(import \{ defineCollector[^`]*)```/)?.[1] ?? ''
  const path = join(folder, 'readme.config.ts')
  await writeFile(path, shown.replace("'@waybill/collector'", `'${collector}'`))
  const { default: definition } = await import(/* @vite-ignore */ path)
  const { options } = definition.configure({
    WRITE_KEYS: '{"wk_live_1": {"id": "shop", "origins": ["https://www.example.com"]}}',
    EVENTS: { head: async () => null, put: async () => ({}) },
    HOOK: 'https://hooks.example',
    HOOK_SECRET: 'top-secret-and-of-more-than-24-bytes',
  })
  expect(options.sinks.map(({ name }: { name: string }) => name)).toEqual(['r2', 'webhook'])
  expect(() =>
    definition.configure({ WRITE_KEYS: '{"wk_live_1": {"id": "shop", "origins": ["https://www.example.com"]}}' }),
  ).toThrow('r2 bucket')
})
