import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCollector, ok, type SigningKey, type Sink } from '@waybill/collector'
import { hmacSha256, signText, toBase64url } from '@waybill/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../src/run.ts'
import { batch, stream } from './sink-data.ts'

const secret = 'what the keys of this test are signed with'
const WAYBILL_SIGNING_SECRET = secret
const ORIGIN = 'https://www.example.com'
const site = ['--id', 'shop', '--origin', ORIGIN]

/** Runs the program in this process, with what a person types and pipes into it. */
async function waybill(args: string[], env: Record<string, string> = { WAYBILL_SIGNING_SECRET }, input = '') {
  let stdout = ''
  let stderr = ''
  const code = await run(args, {
    stdin: (async function* () {
      yield Buffer.from(input)
    })(),
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env,
  })
  return { code, stdout, stderr }
}

const create = async (...args: string[]) => {
  const { code, stdout, stderr } = await waybill(['key', 'create', ...site, ...args])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^wk_[\w-]+\.[\w-]{43}\n$/)
  return stdout.trim()
}

/** What a key says. */
const shown = async (key: string) => JSON.parse((await waybill(['key', 'show', '--json', key])).stdout)

const collect: Sink = {
  name: 'r2',
  required: true,
  guarantee: 'durable',
  generation: '1',
  idempotency: { key: 'none', window: 'none' },
  deliver: async () => ok(undefined),
}

/** How a collector with this secret answers a batch that is presented with a key. */
async function present(key: string, token?: string): Promise<[status: number, code: unknown]> {
  const signingKeys: SigningKey[] = [{ id: '1', secret }]
  const app = createCollector({ keys: [], signingKeys, sinks: [collect] })
  const at = new Date().toISOString()
  const header = { v: 1, batchId: `${stream}:1-1`, streamId: stream, first: 1, last: 1, cutAt: at, sentAt: at, token }
  const line = JSON.stringify({ ...JSON.parse(batch(1, 1)[0] ?? ''), received: undefined })
  const answer = await app.request(`/v1/events?key=${key}`, {
    method: 'POST',
    body: `${JSON.stringify({ ...header, sdk: 'test', attempt: 1 })}\n${line}`,
    headers: { Origin: ORIGIN, 'Content-Type': 'text/plain' },
  })
  const { code } = (await answer.json()) as { code?: unknown }
  return [answer.status, code]
}

describe('waybill key create', () => {
  test('makes a key that the collector takes, from the origins that it names', async () => {
    expect(await present(await create())).toEqual([200, undefined])
    const other = await waybill(['key', 'create', '--id', 'shop', '--origin', 'https://shop.example'])
    expect(await present(other.stdout.trim())).toEqual([403, 'origin_not_allowed'])
  })

  test('writes all that was asked for into the key', async () => {
    const key = await create(
      ...['--origin', 'https://shop.example', '--sink', 'r2', '--sink', 'webhook', '--limit', 'eventBytes=8192'],
      ...['--limit', 'batchEvents=50', '--rate', '100/10s', '--token', '--expires', '2126-01-01', '--signing-key', 'b'],
    )
    expect(await shown(key)).toEqual({
      kid: 'b',
      iat: expect.any(Number),
      exp: Date.parse('2126-01-01') / 1000,
      id: 'shop',
      origins: [ORIGIN, 'https://shop.example'],
      sinks: ['r2', 'webhook'],
      limits: { eventBytes: 8192, batchEvents: 50 },
      rate: { limit: 100, period: 10 },
      token: 'required',
    })
  })

  test.each<[text: string, hours: number]>([
    ['12h', 12],
    ['90d', 90 * 24],
    ['1y', 365 * 24],
  ])('--expires %s', async (text, hours) => {
    const { iat, exp } = await shown(await create('--expires', text))
    expect(Math.round((exp - iat) / 3_600)).toBe(hours)
  })

  test.each<[args: string[], message: string]>([
    [['--origin', ORIGIN], 'Name the site: --id shop.'],
    [['--id', 'shop'], 'Say where it may be used: --origin'],
    [[...site, '--id', 'shop'], '--id is there twice; leave one out.'],
    [['--id', '--origin', ORIGIN], 'belongs to no option'],
    [['--id', 'My Shop', '--origin', ORIGIN], "It can't be signed: set id to 1 to 64 of"],
    [['--id', 'shop', '--origin', `${ORIGIN}/`], `use '${ORIGIN}' for '${ORIGIN}/'`],
    [['--id', 'shop', '--origin', '*'], "the form 'https://www.example.com'"],
    [[...site, '--rate', 'fast'], "--rate takes 50/s, 600/m or 100/10s, not 'fast'."],
    [[...site, '--expires', 'soon'], '--expires takes 12h, 90d, 1y or a date'],
    [[...site, '--expires', '2020-01-01'], "--expires takes a time to come, not '2020-01-01'."],
    [[...site, '--limit', 'eventBytes'], '--limit takes NAME=N'],
    [[...site, '--limit', 'batchBytes=100000'], "remove 'batchBytes'"],
    [[...site, '--limit', 'eventBytes=999999'], 'eventBytes can only be lowered'],
    [[...site, '--sink', 'R2'], "one is 'R2'"],
    [[...site, '--secret', 'abc'], 'There is no option --secret. See: waybill key create --help'],
    [[...site, '--secret-file', 'nowhere'], 'ENOENT'],
  ])('%j is refused with the mend', async (args, message) => {
    const { code, stdout, stderr } = await waybill(['key', 'create', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})

describe('the secret', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-keys-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('comes from the environment, from a file or from standard input, to the same key', async () => {
    const file = join(folder, 'secret')
    await writeFile(file, `${secret}\n`)
    for (const { code, stdout } of [
      await waybill(['key', 'create', ...site]),
      await waybill(['key', 'create', ...site, '--secret-file', file], {}),
      await waybill(['key', 'create', ...site, '--secret-file', '-'], {}, `${secret}\n`),
    ]) {
      expect(code).toBe(0)
      expect((await waybill(['key', 'show', stdout.trim()])).stdout).toContain('signature  right\n')
    }
  })

  test('is asked for when there is none, and refused when it is short, without being shown', async () => {
    expect((await waybill(['key', 'create', ...site], {})).stderr).toContain('--secret-file FILE')
    const weak = await waybill(['key', 'create', ...site], { WAYBILL_SIGNING_SECRET: 'hunter2' })
    expect([weak.code, weak.stderr]).toEqual([2, expect.stringContaining('The secret has 7 characters')])
    expect(weak.stderr).not.toContain('hunter2')
  })

  test('that `waybill key secret` makes is another one each time, and long enough', async () => {
    const [one, other] = [await waybill(['key', 'secret']), await waybill(['key', 'secret'])]
    expect(one.stdout).toMatch(/^[\w-]{43}\n$/)
    expect(one.stdout).not.toBe(other.stdout)
    expect((await waybill(['key', 'create', ...site], { WAYBILL_SIGNING_SECRET: one.stdout })).code).toBe(0)
  })
})

test('waybill key token-secret: what a site’s backend signs with it is a token of the site', async () => {
  const key = await create('--token')
  expect(await present(key)).toEqual([401, 'token_required'])
  const { stdout } = await waybill(['key', 'token-secret', '--id', 'shop'])
  expect((await waybill(['key', 'token-secret', '--id', 'Shop'])).code).toBe(2)
  const encode = (value: object) => toBase64url(Buffer.from(JSON.stringify(value)))
  const exp = Math.floor(Date.now() / 1000) + 60
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ aud: 'shop', exp })}`
  expect(await present(key, `${signed}.${await signText(stdout.trim(), signed, hmacSha256)}`)).toEqual([200, undefined])
})

describe('waybill key show', () => {
  test('says what a key says, for people', async () => {
    const key = await create('--sink', 'r2', '--rate', '50/s', '--expires', '2126-01-01')
    const { code, stdout } = await waybill(['key', 'show', key], {})
    expect(code).toBe(0)
    expect(stdout.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, with 1/, '(when)')).toBe(
      [
        '  site       shop',
        '  origins    https://www.example.com',
        '  sinks      r2',
        "  limits     the collector's",
        '  rate       50 requests in 1 s',
        '  token      none',
        '  signed     (when)',
        '  expires    2126-01-01T00:00:00Z',
        '  signature  not checked: give the secret',
        '',
      ].join('\n'),
    )
  })

  test('with another secret, the signature is wrong, and the exit code says so', async () => {
    const { code, stdout } = await waybill(['key', 'show', await create()], {
      WAYBILL_SIGNING_SECRET: 'a secret of somebody else, long enough',
    })
    expect([code, stdout]).toEqual([1, expect.stringContaining('signature  wrong')])
  })

  test.each(['wk_plain', 'hello', `wk_${'A'.repeat(20)}.${'A'.repeat(43)}`])('%s is no signed key', async (key) => {
    expect((await waybill(['key', 'show', key])).code).toBe(2)
  })
})

test.each(['key create', 'key show', 'key secret', 'key token-secret'])('waybill %s --help', async (name) => {
  const { code, stdout } = await waybill([...name.split(' '), '--help'])
  expect(code).toBe(0)
  expect(stdout).toContain(`waybill ${name}`)
  for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  expect((await waybill(['help', ...name.split(' ')])).stdout).toBe(stdout)
})
