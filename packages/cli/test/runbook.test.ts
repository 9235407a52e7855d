import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { createCollector, r2Sink } from '@waybill/collector'
import { problems, type RejectionCode } from '@waybill/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from './run-program.ts'
import { event, range, stream, streamOf, time, tombstone } from './sink-data.ts'

const runbook = await readFile(join(import.meta.dirname, '../../../RUNBOOK.md'), 'utf8')

/** The cells of a section's table, row by row. */
function tableOf(section: string): string[][] {
  const [, text = ''] = runbook.split(`\n## ${section}\n`)
  const rows = text.split('\n## ')[0]?.match(/^\| `.*$/gm) ?? []
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

test('each refusal stands in the runbook, with its status, its title and what to do', () => {
  const rows = tableOf('Refusals of a batch')
  const told = Object.fromEntries(
    rows.map(([code = '', status, title]) => [code.slice(1, -1), { status: Number(status), title }]),
  )
  expect(told).toEqual(problems)
  expect(rows.map(([code]) => code)).toEqual(Object.keys(problems).map((code) => `\`${code}\``))
  for (const row of rows) {
    expect(row).toHaveLength(5)
    expect(row.every((cell) => cell !== '')).toBe(true)
  }
})

/** Does not compile when there is another. */
const rejections = {
  invalid_utf8: true,
  invalid_json: true,
  duplicate_member: true,
  invalid_event: true,
  event_too_large: true,
  properties_too_large: true,
  state_too_large: true,
  too_deep: true,
  prototype_member: true,
  reserved_member: true,
} satisfies Record<RejectionCode, true>

test('each rejection stands there, too', () => {
  const told = tableOf('Rejections of single events').flatMap(([codes = '']) => codes.match(/\w+/g) ?? [])
  expect(told.sort()).toEqual(Object.keys(rejections).sort())
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-runbook-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The real collector over a bucket that lies in a folder, with its objects' metadata in memory. */
function startCollector(bucketFolder: string) {
  const metadata = new Map<string, Record<string, string>>()
  const sink = r2Sink({
    bucketName: 'events',
    bucket: {
      head: async (key) => (metadata.has(key) ? { customMetadata: metadata.get(key) ?? {} } : null),
      async put(key, value, { customMetadata }) {
        if (metadata.has(key)) return null
        metadata.set(key, customMetadata)
        await mkdir(dirname(join(bucketFolder, key)), { recursive: true })
        await writeFile(join(bucketFolder, key), value)
        return {}
      },
    },
  })
  const origin = 'https://www.example.com'
  const app = createCollector({
    keys: ['shop', 'blog'].map((id) => ({ key: `wk_${id}`, id, origins: [origin] })),
    sinks: [sink],
    now: () => Date.parse(time(60_000)),
  })
  return async function present(site: string, streamId: string, first: number, lines: readonly string[], day = '22') {
    const last = first + lines.length - 1
    const own = { v: 1, batchId: `${streamId}:${first}-${last}`, streamId, first, last, sdk: 'test/1', attempt: 1 }
    const header = { ...own, cutAt: `2026-11-${day}T10:00:00.000Z`, sentAt: time(1_000) }
    const response = await app.request(`/v1/events?key=wk_${site}`, {
      method: 'POST',
      headers: { Origin: origin, 'Content-Type': 'text/plain' },
      body: [JSON.stringify(header), ...lines, ''].join('\n'),
    })
    expect(await response.json()).toMatchObject({ batchId: own.batchId })
    expect(response.status).toBe(200)
  }
}

const events = (streamId: typeof stream, first: number, last: number, name = 'Clicked') =>
  range(first, last).map((seq) => event(seq, { streamId, name }))

const filesIn = async (path: string) =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()

async function audit(path: string) {
  const { code, stdout } = await runProgram(['audit', '--json', path], { cwd: folder })
  return { code, ...JSON.parse(stdout) }
}

test('compacting makes one file a day and site, every line byte for byte, and the audit finds what it found before', async () => {
  const present = startCollector(join(folder, 'bucket'))
  // Whatever a query might take for its own, or write in another way.
  const odd = event(3).replace(
    '"text":',
    '"odd":"\\"a\\", \\\\x1F \\u001f \u2028 🦊",  "big":1.10000000000000000000000001,"text":',
  )
  await present('shop', stream, 1, [...events(stream, 1, 2), odd])
  await present('shop', stream, 4, [tombstone(4), '{"damaged'])
  await present('shop', stream, 6, events(stream, 6, 40), '23')
  await present('shop', stream, 6, events(stream, 6, 40, 'Else'), '23')
  await present('blog', streamOf(2), 1, events(streamOf(2), 1, 20))
  const objects = await filesIn(join(folder, 'bucket'))
  expect(objects).toHaveLength(5)

  const [, sql = ''] = runbook.split('```sql\n')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(
    (sql.split('```')[0] ?? '')
      .replace("'bucket/", `'${join(folder, 'bucket')}/`)
      .replace("TO 'compact'", `TO '${join(folder, 'compact')}'`),
  )
  connection.closeSync()
  instance.closeSync()

  const files = await filesIn(join(folder, 'compact'))
  expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
    'compact/site=blog/dt=2026-11-22/data_0.ndjson.gz',
    'compact/site=shop/dt=2026-11-22/data_0.ndjson.gz',
    'compact/site=shop/dt=2026-11-23/data_0.ndjson.gz',
  ])
  const textOf = async (paths: string[]) => (await Promise.all(paths.map((path) => readFile(path)))).join('')
  const compacted = await Promise.all(files.map(async (file) => String(gunzipSync(await readFile(file)))))
  expect(compacted.join('')).toBe(await textOf(objects))

  const [before, after] = [await audit('bucket'), await audit('compact')]
  expect(before).toMatchObject({ code: 1, totals: { events: 58, shed: 1, rejected: 1, missing: 0, forked: 1 } })
  const { files: _, bytes, ...totals } = before.totals
  expect(after).toMatchObject({ code: 1, totals })
})

test('what was erased and put back with its metadata is no fork to a late repeat, which brings nothing back', async () => {
  const present = startCollector(join(folder, 'live'))
  await present('shop', stream, 1, events(stream, 1, 20))
  const [object = ''] = await filesIn(join(folder, 'live'))
  const { code, stdout } = await runProgram(['erase', '--anonymous-id', 'a', 'live'], { cwd: folder })
  expect({ code, stdout: join(folder, stdout.trim()) }).toEqual({ code: 0, stdout: object })
  await present('shop', stream, 1, events(stream, 1, 20))
  expect(await filesIn(join(folder, 'live'))).toEqual([object])
  expect(await readFile(object, 'utf8')).not.toContain('anonymousId')
  expect(await audit('live')).toMatchObject({
    code: 0,
    verdict: 'complete',
    totals: { events: 0, rejected: 20, forked: 0 },
  })
})
