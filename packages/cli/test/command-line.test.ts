import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditReport } from '../src/core/report.ts'
import { batch, deliver, event, objectKey, range, stream, streamOf, tombstone } from './sink-data.ts'

// The program as it is published, as a process, on real files. `pnpm build` builds it.

const program = join(import.meta.dirname, '../dist/waybill.js')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-cli-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs the program in the folder; `input` goes to its standard input in pieces of so many bytes. */
async function waybill(
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
  piece: number = input.length,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    ran.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    ran.stderr += chunk
  })
  // It may end before it has read everything.
  child.stdin.on('error', () => {})
  for (let at = 0; at < input.length; at += piece) child.stdin.write(input.subarray(at, at + piece))
  child.stdin.end()
  ran.code = await new Promise((resolve) => child.on('close', resolve))
  return ran
}

/** Audits as JSON. */
async function audit(
  args: readonly string[],
  input?: Uint8Array,
  piece?: number,
): Promise<Ran & { report: AuditReport }> {
  const ran = await waybill(['audit', '--json', ...args], input, piece)
  return { ...ran, report: JSON.parse(ran.stdout) }
}

async function write(path: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), content)
  return path
}

const toText = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

const whole = toText([...batch(1, 20), ...batch(21, 40)])
const gap = toText([...batch(1, 20), ...batch(41, 60)])

describe('waybill audit', () => {
  test('whole data: a table, and exit code 0', async () => {
    const { code, stdout, stderr } = await waybill(['audit', await write('whole.ndjson', whole)])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^COMPLETE: the stream holds every seq from 1 to its last/)
    expect(stdout).toMatch(new RegExp(`${stream} +1–40 +40 +0 +0 +0 +0 +0 +0 +\\d+ ms`))
  })

  test('a gap: named, and exit code 1', async () => {
    const { code, stdout, stderr } = await waybill(['audit', await write('gap.ndjson', gap)])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toMatch(/^NOT COMPLETE: 20 events missing without a tombstone\.\n/)
    expect(stdout).toContain(`${stream}  seq 21–40 (20)  no batch that holds them has come\n`)
  })

  test('a fork: both places, and exit code 1', async () => {
    const other = deliver(
      21,
      40,
      range(21, 40).map((seq) => event(seq, { name: seq === 25 ? 'Else' : 'Clicked' })),
    )
    const files = [await write('one.ndjson', whole), await write('other.ndjson', toText(other))]
    const { code, stdout } = await waybill(['audit', ...files])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^NOT COMPLETE: 1 stream forked\.\n/)
    expect(stdout).toMatch(
      new RegExp(`${stream}  seq 25  two contents in batch 21-40\\n +one.ndjson:25\\n +other.ndjson:5\\n`),
    )
  })

  test('standard input in small pieces, and gzip in it, whatever its name', async () => {
    const plain = Buffer.from(whole)
    const zipped = gzipSync(plain)
    for (const [input, piece] of [
      [plain, 1_000],
      [zipped, 1],
      [Buffer.concat([zipped, gzipSync(toText(batch(41, 60)))]), 100],
    ] as const) {
      const { code, report } = await audit(['-'], input, piece)
      expect(code).toBe(0)
      expect(report).toMatchObject({ verdict: 'complete', totals: { bytes: input.length, files: 1 }, remarks: [] })
    }
  })

  test('a copy of a bucket, file by file in the order of their names', async () => {
    await write(`bucket/events/${objectKey(1, 20)}`, toText(batch(1, 20)))
    await write(`bucket/events/${objectKey(21, 40)}.gz`, gzipSync(toText(batch(21, 40))))
    await write(
      `bucket/events/${objectKey(1, 5, { streamId: streamOf(2) })}`,
      toText(batch(1, 5, { streamId: streamOf(2) })),
    )
    await write('bucket/README.txt', 'no events')
    await mkdir(join(folder, 'bucket/empty'))
    const { code, report } = await audit(['bucket'])
    expect(code).toBe(0)
    expect(report.streams).toMatchObject([
      { streamId: stream, events: 40, keys: ['shop'], late: { batches: 0 } },
      { streamId: streamOf(2), events: 5, keys: ['shop'] },
    ])
    expect(report.remarks).toMatchObject([{ kind: 'skipped', file: join('bucket', 'README.txt') }])
  })

  test.each(['.partial', '.zst', ''])(
    'a batch in a folder under a name that is not read (%s): nothing is proved',
    async (ending) => {
      await write(`copied${ending}/${objectKey(1, 20)}`, toText(batch(1, 20)))
      await write(`copied${ending}/${objectKey(21, 40).replace('.ndjson', '')}${ending}`, toText(batch(21, 40)))
      const { code, report } = await audit([`copied${ending}`])
      expect([code, report.verdict]).toEqual([2, 'unreadable'])
      expect(report.remarks).toMatchObject([
        { kind: 'unreadable', detail: expect.stringMatching(/^It is named as a batch/) },
      ])
    },
  )

  test('a fork object in a bucket', async () => {
    await write(`forked/${objectKey(1, 20)}`, toText(batch(1, 20)))
    await write(`forked/${objectKey(1, 20, { fork: 'deadbeef' })}`, toText(batch(1, 20, { name: 'Else' })))
    const { code, report } = await audit(['forked'])
    expect(code).toBe(1)
    expect(report.streams).toMatchObject([{ forks: [{ kind: 'content', first: 1, last: 20 }] }])
  })

  test('a folder in which nothing is to be read: a wrong path must not look like a proof', async () => {
    await mkdir(join(folder, 'nothing'))
    const { code, stdout } = await waybill(['audit', 'nothing'])
    expect(code).toBe(2)
    expect(stdout).toMatch(/^NOTHING TO PROVE: there are no lines\.\n/)
  })

  test('a link that leads back to its own folder is passed over, and a link to a file is read', async () => {
    await write('links/a.ndjson', toText(batch(1, 20)))
    await write('linked/b', toText(batch(21, 40)))
    await symlink('.', join(folder, 'links/loop'))
    await symlink('../linked/b', join(folder, 'links/b.ndjson'))
    const { code, report } = await audit(['links'])
    expect(code).toBe(0)
    expect(report).toMatchObject({
      totals: { events: 40, files: 2 },
      remarks: [{ kind: 'skipped', file: join('links', 'loop') }],
    })
  })

  test('the report for people shows no control characters of the data', async () => {
    const odd = deliver(1, 1, [tombstone(1, { reason: '\u001b[2Jgone\n' })])
    const { stdout } = await waybill(['audit', await write('odd.ndjson', toText(odd))])
    expect(stdout).toContain('shed: \\u001b[2Jgone\\u000a')
  })

  test('long lists end after 20 rows, but for --all', async () => {
    const lines = range(1, 30).flatMap((number) => batch(2, 2, { streamId: streamOf(number) }))
    const path = await write('many.ndjson', toText(lines))
    const short = await waybill(['audit', path])
    expect(short.stdout).toContain('… and 10 more; --all lists them')
    expect(short.stdout).not.toContain(streamOf(30))
    const long = await waybill(['audit', '--all', path])
    expect(long.stdout).not.toContain('more; --all')
    expect(long.stdout).toContain(streamOf(30))
  })

  test('progress goes to stderr when it is asked for, and stdout is the same', async () => {
    const path = await write('progress.ndjson', whole)
    const [silent, told] = [await audit([path]), await audit(['--progress', path])]
    expect(silent.stderr).toBe('')
    expect(told.report).toEqual(silent.report)
  })

  test('memory grows with streams and gaps: 200,000 events are audited in a heap of 24 MB, those that came twice compared', async () => {
    const lines = range(0, 99).flatMap((number) => {
      const streamId = streamOf(number % 50)
      // The last 50 come twice.
      const from = number < 50 ? 0 : 2_000
      return range(0, 99).flatMap((index) => batch(from + index * 20 + 1, from + index * 20 + 20, { streamId }))
    })
    const path = await write('large.ndjson', toText(lines))
    const again = await write('again.ndjson', toText(lines.slice(100_000)))
    const child = spawn(process.execPath, ['--max-old-space-size=24', program, 'audit', path, again], { cwd: folder })
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    expect(stdout).toContain('COMPLETE: each of 50 streams')
    expect(stdout).toContain('repeats       5,000 batches, 100,000 events')
  }, 60_000)

  test('where no temporary file can be written it says so, and proves nothing', async () => {
    const many = Buffer.from(toText(range(1, 20_000).flatMap((number) => batch(1, 1, { streamId: streamOf(number) }))))
    for (const input of [many, gzipSync(many)]) {
      const env = { ...process.env, TMPDIR: join(folder, 'nowhere') }
      const { code, stdout, stderr } = await waybill(['audit', '-'], input, input.length, env)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^waybill: No temporary file can be written in .*: set TMPDIR to a folder with room\./)
    }
  })

  test('an output that nobody reads to its end is no error', async () => {
    const path = await write(
      'head.ndjson',
      toText(range(1, 3_000).flatMap((number) => batch(1, 1, { streamId: streamOf(number) }))),
    )
    const child = spawn(process.execPath, [program, 'audit', '--json', path], { cwd: folder })
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdout.once('data', () => child.stdout.destroy())
    await new Promise((resolve) => child.on('close', resolve))
    expect(stderr).toBe('')
  })
})

describe('what can’t be read is named with file and line, and the rest is read', () => {
  const lines = whole.split('\n').slice(0, -1)

  test('a damaged line', async () => {
    const path = await write('damaged.ndjson', toText(lines.with(9, '{"streamId":"0192')))
    const { code, report } = await audit([path])
    expect(code).toBe(1)
    expect(report.remarks).toMatchObject([{ kind: 'not_json', file: path, line: 10 }])
    expect(report.streams).toMatchObject([{ events: 39, missing: [{ first: 10, last: 10, kind: 'line' }] }])
  })

  test('a byte that is no UTF-8', async () => {
    const bytes = Buffer.from(whole)
    bytes[bytes.indexOf('Clicked')] = 0xff
    const { code, report } = await audit([await write('bytes.ndjson', bytes)])
    expect(code).toBe(1)
    expect(report.remarks).toMatchObject([{ kind: 'not_utf8', line: 1 }])
  })

  test('a file that ends in the middle of a line', async () => {
    const { code, report } = await audit([await write('cut.ndjson', whole.slice(0, -300))])
    expect(code).toBe(1)
    expect(report.remarks).toMatchObject([{ kind: 'cut_off', line: 40 }])
    expect(report.streams).toMatchObject([{ missing: [{ first: 40, last: 40, kind: 'line' }] }])
  })

  test('a last line without its line feed is a line like any other', async () => {
    const { code, report } = await audit([await write('no-lf.ndjson', whole.slice(0, -1))])
    expect({ code, remarks: report.remarks, events: report.totals.events }).toEqual({
      code: 0,
      remarks: [],
      events: 40,
    })
  })

  const zipped = gzipSync(toText([...batch(1, 20), ...batch(21, 2_020)]))

  test('gzip that ends too early: what came before counts', async () => {
    const path = await write('early.ndjson.gz', zipped.subarray(0, zipped.length - 1_000))
    const { code, report } = await audit([path, await write('rest.ndjson', toText(batch(2_021, 2_022)))])
    expect(code).toBe(1)
    expect(report.remarks.map(({ kind }) => kind)).toContain('gzip_broken')
    expect(report.remarks.at(-1)).toMatchObject({ file: path, line: expect.any(Number) })
    expect(report.totals.events).toBeGreaterThan(1_000)
  })

  test('gzip that only lacks its end: no gap, and no proof', async () => {
    const { code, report } = await audit([await write('trailer.gz', zipped.subarray(0, zipped.length - 4))])
    expect(code).toBe(2)
    expect(report).toMatchObject({
      verdict: 'unreadable',
      totals: { events: 2_020 },
      remarks: [{ kind: 'gzip_broken' }],
    })
  })

  test('gzip with a broken byte', async () => {
    const broken = Uint8Array.from(zipped)
    broken.fill(0xff, zipped.length / 2, zipped.length / 2 + 8)
    const { code, report } = await audit([await write('broken.gz', broken)])
    expect(code).toBe(1)
    expect(report.remarks.map(({ kind }) => kind)).toContain('gzip_broken')
    expect(report.totals.events).toBeGreaterThan(100)
  })

  test('what follows gzip and is none', async () => {
    const { code, report } = await audit([await write('more.gz', Buffer.concat([zipped, Buffer.from(gap)]))])
    expect(code).not.toBe(0)
    expect(report.remarks.map(({ kind }) => kind)).toContain('gzip_broken')
    expect(report.totals.events).toBeGreaterThan(1_900)
  })

  test('a byte order mark and CR LF are named, and read over', async () => {
    const { code, report } = await audit([await write('windows.ndjson', `\ufeff${whole.replaceAll('\n', '\r\n')}`)])
    expect(code).toBe(0)
    expect(report.remarks).toMatchObject([
      { kind: 'bom', line: 1 },
      { kind: 'crlf', line: 1 },
    ])
    const { report: both } = await audit(['windows.ndjson', await write('unix.ndjson', whole)])
    expect(both).toMatchObject({ verdict: 'complete', totals: { repeats: { batches: 2, events: 40 } } })
  })

  test('a line that is longer than any', async () => {
    const huge = `{"x":"${'x'.repeat(17_000_000)}"}`
    const { code, report } = await audit([await write('huge.ndjson', toText([...lines, huge, ...batch(41, 60)]))])
    expect(code).toBe(2)
    expect(report).toMatchObject({ totals: { events: 60, missing: 0 }, remarks: [{ kind: 'too_long', line: 41 }] })
  })

  test('a line of another program is no damage', async () => {
    const { code, report } = await audit([await write('foreign.ndjson', toText(['{"level":"info"}', ...lines]))])
    expect(code).toBe(0)
    expect(report.remarks).toMatchObject([{ kind: 'foreign', line: 1 }])
  })

  test('a file that is not there', async () => {
    const { code, report } = await audit(['nowhere.ndjson', await write('there.ndjson', whole)])
    expect(code).toBe(2)
    expect(report.remarks).toMatchObject([
      { kind: 'unreadable', file: 'nowhere.ndjson', detail: expect.stringContaining('ENOENT') },
    ])
    expect(report.totals.events).toBe(40)
  })
})

describe('waybill state', () => {
  test('the latest state of each stream, wherever its last event lies', async () => {
    const path = await write(
      'states.ndjson',
      toText([...batch(21, 40), ...batch(1, 20), ...batch(1, 3, { streamId: streamOf(2) })]),
    )
    const { code, stdout, stderr } = await waybill(['state', path])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`${stream} seq 40  2026-11-22T10:00:00.040Z  track "Clicked"  anonymousId a\n`)
    expect(stdout).toContain('  visitor  {"events":40}\n')
    expect(stdout).toContain(`${streamOf(2)} seq 3  `)
  })

  test('of each session, as one JSON object a line', async () => {
    const lines = deliver(1, 4, [event(1), event(2), event(3, { session: 2 }), tombstone(4)])
    const { code, stdout } = await waybill([
      'state',
      '--by',
      'session',
      '--json',
      await write('sessions.ndjson', toText(lines)),
    ])
    expect(code).toBe(0)
    const states = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(states).toMatchObject([
      { seq: 2, state: { session: { id: `${stream}.s1` }, visitor: { events: 2 } } },
      { seq: 3, state: { session: { id: `${stream}.s2` }, visitor: { events: 3 } } },
    ])
  })

  test('what can’t be read is named on stderr, with exit code 2', async () => {
    const { code, stdout, stderr } = await waybill(['state', '-'], Buffer.from(`{"broken\n${whole}`))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^-:1: It is not JSON/)
    expect(stdout).toContain('seq 40')
  })
})

describe('called in a wrong way, it says what to do, with exit code 2', () => {
  test.each<[args: string[], message: string]>([
    [[], 'Say which command. See: waybill --help'],
    [['adit'], "There is no command 'adit'. There are: audit, state, check, erase, key create, "],
    [['--json', 'audit'], 'There is no option --json before the command. There are: audit, state, '],
    [['constructor'], "There is no command 'constructor'."],
    [['audit'], 'Name files or folders to read, or - for standard input. See: waybill audit --help'],
    [['audit', '-', '-'], 'Standard input can be read only once.'],
    [['audit', '--jsn', 'a'], 'There is no option --jsn. See: waybill audit --help'],
    [['audit', '-x', 'a'], 'There is no option -x. See: waybill audit --help'],
    [['audit', '--by', 'stream', 'a'], 'There is no option --by. See: waybill audit --help'],
    [['audit', '--json=yes', 'a'], "--json takes no value: leave out '=yes'."],
    [['state', '--by', 'user', 'a'], "--by takes stream or session, not 'user'."],
    [['state', 'a', '--by'], '--by takes stream or session.'],
    [['key'], "There is no command 'key'. There are: audit, state, check, erase, key create,"],
    [['key', 'make'], "There is no command 'key make'."],
    [['key', 'create', 'shop'], "'shop' belongs to no option. See: waybill key create --help"],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await waybill(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`waybill: ${message}`)
    expect(stderr.endsWith('\n')).toBe(true)
  })

  test('a file whose name begins with a dash comes after --', async () => {
    await write('-odd.ndjson', whole)
    expect((await waybill(['audit', '--', '-odd.ndjson'])).code).toBe(0)
  })
})

test.each<[args: string[], text: string[]]>([
  [['--help'], ['waybill audit', 'waybill state', 'waybill COMMAND --help']],
  [
    ['audit', '--help'],
    ['waybill audit [--json] [--all]', 'Exit codes:', 'TMPDIR'],
  ],
  [
    ['check', '--help'],
    ['--config FILE', 'Exit codes:'],
  ],
  [
    ['erase', '--help'],
    ['--user-id ID', 'Exit codes:'],
  ],
  [['audit', '-h'], ['waybill audit [--json] [--all]']],
  [
    ['help', 'state'],
    ['--by stream|session', 'Exit codes:'],
  ],
  [['--version'], ['0.1.0']],
])('%j prints help on stdout', async (args, text) => {
  const { code, stdout, stderr } = await waybill(args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const each of text) expect(stdout).toContain(each)
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test('the program runs where nothing is installed beside it', async () => {
  const alone = join(folder, 'alone')
  await cp(join(program, '..'), join(alone, 'dist'), { recursive: true })
  await writeFile(join(alone, 'package.json'), '{"type":"module"}')
  const child = spawn(process.execPath, [join(alone, 'dist/waybill.js'), '--version'], { cwd: alone })
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
})
