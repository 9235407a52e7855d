import { execFileSync } from 'node:child_process'
import { lstat, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { fileSink } from '@waybill/collector/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runProgram } from './run-program.ts'
import { deliver, event, objectKey, range, streamOf, tombstone } from './sink-data.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-erase-'))
})
afterEach(() => rm(folder, { recursive: true }))

const waybill = (...args: string[]) => runProgram(args, { cwd: folder })
const read = (path: string) => readFile(join(folder, path))
const lines = (text: string) => text.trimEnd().split('\n')

async function write(path: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), content)
  return path
}

/** Events of a stream: who has done them, by seq from 1, as anonymousId and userId. */
function batchOf(number: number, people: readonly { anonymousId?: string; userId?: string }[]): string[] {
  const streamId = streamOf(number)
  const own = people.map((person, index) =>
    JSON.stringify({ ...JSON.parse(event(index + 1, { streamId })), anonymousId: undefined, ...person }),
  )
  return deliver(1, people.length, own, { streamId })
}

const toText = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')
const ann = { anonymousId: 'ann' }
const annKnown = { anonymousId: 'ann', userId: 'u-1' }
const bob = { anonymousId: 'bob', userId: 'u-2' }

test('all of a person goes, from before the id was known, too, and the audit finds the gaps explained', async () => {
  const mine = await write('bucket/1.ndjson', toText(batchOf(1, [ann, annKnown, annKnown])))
  const others = await write('bucket/2.ndjson', toText(batchOf(2, [bob, bob])))
  const before = await read(others)
  expect(await waybill('erase', '--user-id', 'u-1', 'bucket')).toEqual({
    code: 0,
    stdout: `${mine}\n`,
    stderr: '3 events in 1 file erased.\n  anonymousId ann\n',
  })
  expect(await read(others)).toEqual(before)
  const left = lines(String(await read(mine))).map((line) => JSON.parse(line))
  expect(left[0]).toEqual({
    streamId: streamOf(1),
    seq: 1,
    type: 'rejected',
    reason: 'erased',
    messageId: `${streamOf(1)}.1`,
    received: { at: expect.any(String), batchId: `${streamOf(1)}:1-3` },
  })
  expect(left).toHaveLength(3)

  const { code, stdout } = await waybill('audit', '--json', 'bucket')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'complete', totals: { events: 2, rejected: 3, missing: 0 } })
  expect(JSON.parse(stdout).streams[0].explained).toEqual([{ first: 1, last: 3, explanation: 'rejected: erased' }])
})

test('erased twice, it is erased, and nothing is written the second time', async () => {
  const file = await write('events.ndjson', toText(batchOf(1, [ann, annKnown])))
  await waybill('erase', '--anonymous-id', 'ann', file)
  const after = await read(file)
  expect(await waybill('erase', '--anonymous-id', 'ann', file)).toEqual({
    code: 1,
    stdout: '',
    stderr: '0 events in 0 files erased.\n',
  })
  expect(await read(file)).toEqual(after)
})

test('what somebody else did in the same browser stays, byte for byte, and is counted', async () => {
  const all = batchOf(1, [annKnown, { anonymousId: 'ann', userId: 'u-2' }, ann])
  const file = await write('events.ndjson', toText(all))
  const { stderr } = await waybill('erase', '--user-id', 'u-1', file)
  expect(stderr).toContain('1 event of somebody else in the same streams left as they were.\n')
  const left = lines(String(await read(file)))
  expect(left[1]).toBe(all[1])
  expect(left.map((line) => JSON.parse(line).type)).toEqual(['rejected', 'track', 'rejected'])
})

test('a bucket’s objects, forks of them, gzip and a webhook’s arrays are rewritten as what they are', async () => {
  const streamId = streamOf(1)
  const own = batchOf(1, [ann, ann])
  const elsewhere = batchOf(2, [bob])
  const paths = await Promise.all([
    write(objectKey(1, 2, { streamId }), toText(own)),
    write(objectKey(1, 2, { streamId, fork: '5e1c09ab' }), toText(own)),
    write('day.ndjson.gz', gzipSync(toText([...elsewhere, ...own]))),
    write('webhook.json', `[${elsewhere}]\n[${own},${elsewhere}]\n`),
  ])
  const { code, stdout, stderr } = await waybill('erase', '--anonymous-id', 'ann', '.')
  expect(code, stderr).toBe(0)
  expect(lines(stdout).sort()).toEqual([...paths].sort())
  const text = String(gunzipSync(await read('day.ndjson.gz')))
  expect(lines(text)[0]).toBe(elsewhere[0])
  const [first, second] = lines(String(await read('webhook.json')))
  expect(first).toBe(`[${elsewhere}]`)
  expect(JSON.parse(second as string).map(({ type }: { type: string }) => type)).toEqual([
    'rejected',
    'rejected',
    'track',
  ])
  for (const path of paths) expect(String(await read(path))).not.toContain('"ann"')
  expect(text).not.toContain('"ann"')
  // Nothing lies about.
  expect((await readdir(folder, { recursive: true })).filter((name) => name.includes('erasing'))).toEqual([])
  const audit = await waybill('audit', '--json', 'day.ndjson.gz', 'webhook.json')
  expect(JSON.parse(audit.stdout)).toMatchObject({ verdict: 'complete', totals: { events: 1, rejected: 2, forked: 0 } })
})

test('a copy of the events that was not erased makes no fork, and shows in the sums', async () => {
  const all = batchOf(1, [ann, ann])
  await write('a.ndjson', toText(all))
  const file = await write('b.ndjson', toText(all))
  await waybill('erase', '--anonymous-id', 'ann', file)
  const { stdout } = await waybill('audit', '--json', '.')
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'complete', totals: { events: 2, rejected: 0, forked: 0 } })
})

test('a dry run says the same and changes nothing', async () => {
  const file = await write('events.ndjson', toText(batchOf(1, [ann, ann])))
  const before = await stat(join(folder, file))
  const { code, stdout, stderr } = await waybill('erase', '--anonymous-id', 'ann', '--dry-run', file)
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: `${file}\n`,
    stderr: '2 events in 1 file would be erased.\n  anonymousId ann\n',
  })
  expect((await stat(join(folder, file))).mtimeMs).toBe(before.mtimeMs)
})

test('tombstones, empty lines, other programs’ lines and a missing last line feed stay as they are', async () => {
  const [first, third] = [deliver(1, 3, [event(1)]), deliver(1, 3, [tombstone(2)])]
  const last = deliver(1, 3, [event(3)])
  const file = await write('events.ndjson', `{"level":"info"}\n\n${first}\n${third}\n${last}`)
  await waybill('erase', '--anonymous-id', 'a', file)
  const text = String(await read(file))
  const all = text.split('\n')
  expect([all[0], all[1], all[3]]).toEqual(['{"level":"info"}', '', third[0]])
  expect(all).toHaveLength(5)
  expect(text.endsWith('}}')).toBe(true)
})

test('what can’t be read is named and left, with exit code 2, and the rest is erased', async () => {
  const damaged = `{"streamId":"${streamOf(1)}","anonymousId":"ann`
  const file = await write('damaged.ndjson', toText([damaged, ...batchOf(1, [ann])]))
  const zipped = gzipSync(
    toText(
      batchOf(
        1,
        range(1, 2_000).map(() => ann),
      ),
    ),
  )
  const broken = await write('broken.ndjson.gz', zipped.subarray(0, -1_000))
  const before = await read(broken)
  const { code, stdout, stderr } = await waybill('erase', '--anonymous-id', 'ann', file, broken)
  expect({ code, stdout }).toEqual({ code: 2, stdout: `${file}\n` })
  expect(stderr).toContain(`${file}:1: It is not JSON`)
  expect(stderr).toContain(broken)
  expect(await read(broken)).toEqual(before)
  expect(lines(String(await read(file)))[0]).toBe(damaged)
})

/** A collector that has the folder `events`. */
async function startCollector(): Promise<AsyncDisposable> {
  const sink = fileSink({ dir: join(folder, 'events') })
  await sink.open()
  return { [Symbol.asyncDispose]: () => sink.close() }
}

test.each([
  ['its folder', 'events'],
  ['a folder around it', '.'],
  ['the folder of a site', 'events/shop'],
  ['a file', 'events/shop/dt=2026-11-22.ndjson'],
  ['a link to a site', 'link'],
])('what a collector appends to is not replaced under it: %s', async (_, path) => {
  const file = await write('events/shop/dt=2026-11-22.ndjson', toText(batchOf(1, [ann])))
  await symlink('events/shop', join(folder, 'link'))
  const before = await read(file)
  {
    await using _collector = await startCollector()
    const { code, stdout, stderr } = await waybill('erase', '--anonymous-id', 'ann', path)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^waybill: A collector has '.*events', or another erase\. Stop it first, or move files of days/,
    )
    expect(await read(file)).toEqual(before)
    const dry = await waybill('erase', '--anonymous-id', 'ann', '--dry-run', path)
    expect(dry.stderr).toContain('1 event in 1 file would be erased.')
  }
  expect((await waybill('erase', '--anonymous-id', 'ann', path)).code).toBe(0)
  expect(String(await read(file))).not.toContain('"ann"')
})

test.each([
  ['the folder of a site that lies on another disk', 'events/shop', 'disk/shop'],
  ['a file that lies on another disk', 'events/shop/dt=2026-11-22.ndjson', 'disk/day.ndjson'],
])('what a collector appends to through a link is not replaced under it: %s', async (_, link, target) => {
  const isFile = link.endsWith('.ndjson')
  const file = await write(isFile ? target : `${target}/dt=2026-11-22.ndjson`, toText(batchOf(1, [ann])))
  await mkdir(dirname(join(folder, link)), { recursive: true })
  await symlink(join(folder, target), join(folder, link))
  const before = await read(file)
  {
    await using _collector = await startCollector()
    const { code, stdout, stderr } = await waybill('erase', '--anonymous-id', 'ann', link)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^waybill: A collector has '.*events', or another erase\./)
    expect(await read(file)).toEqual(before)
  }
  expect((await waybill('erase', '--anonymous-id', 'ann', link)).code).toBe(0)
  expect(String(await read(file))).not.toContain('"ann"')
})

test('a link to a file that a collector appends to is not followed while it runs, whatever the link is called', async () => {
  const file = await write('events/shop/dt=2026-11-22.ndjson', toText(batchOf(1, [ann])))
  await symlink(file, join(folder, 'day.ndjson'))
  const before = await read(file)
  await using _collector = await startCollector()
  const { code, stderr } = await waybill('erase', '--anonymous-id', 'ann', 'day.ndjson')
  expect(code).toBe(2)
  expect(stderr).toMatch(/^waybill: A collector has '.*events'/)
  expect(await read(file)).toEqual(before)
})

test('what a link to a file leads to is rewritten in its place, and the link stays one', async () => {
  const file = await write('disk/events.ndjson', toText(batchOf(1, [ann])))
  await symlink(file, join(folder, 'link.ndjson'))
  expect(await waybill('erase', '--anonymous-id', 'ann', 'link.ndjson')).toMatchObject({
    code: 0,
    stdout: 'link.ndjson\n',
  })
  expect(String(await read(file))).not.toContain('"ann"')
  expect((await lstat(join(folder, 'link.ndjson'))).isSymbolicLink()).toBe(true)
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(['disk', file, 'link.ndjson'])
})

test.skipIf(process.platform === 'win32')(
  'a pipe is named as what can’t be rewritten, and the rest is erased',
  async () => {
    const file = await write('events.ndjson', toText(batchOf(1, [ann])))
    await write('more.ndjson', toText(batchOf(2, [ann])))
    const program = join(import.meta.dirname, '../dist/waybill.js')
    const command = 'cat more.ndjson | "$0" "$1" erase --anonymous-id ann events.ndjson /dev/stdin 2>&1; echo "$?"'
    const told = execFileSync('sh', ['-c', command, process.execPath, program], { cwd: folder, encoding: 'utf8' })
    expect(told).toMatch(/^events\.ndjson\n\/dev\/stdin: .*\n1 event in 1 file erased\.\n {2}anonymousId ann\n2\n$/)
    expect(String(await read(file))).not.toContain('"ann"')
  },
)

test('beside a collector, files that were moved out of its folder are erased', async () => {
  const file = await write('over/shop/dt=2026-11-21.ndjson', toText(batchOf(1, [ann])))
  await write('events/shop/dt=2026-11-22.ndjson', toText(batchOf(1, [bob])))
  await using _collector = await startCollector()
  expect(await waybill('erase', '--anonymous-id', 'ann', 'over')).toMatchObject({ code: 0, stdout: `${file}\n` })
})

test.skipIf(process.platform === 'win32')('no collector begins to append while files are erased', async () => {
  await write('events/shop/dt=2026-11-22.ndjson', toText(batchOf(1, [ann])))
  execFileSync('mkfifo', [join(folder, 'more')])
  const erasing = waybill('erase', '--anonymous-id', 'ann', 'events', 'more')
  // It is opened when the other end is: the erasure waits in the middle of its reading.
  const more = await open(join(folder, 'more'), 'w')
  await expect(startCollector()).rejects.toThrow(/another collector writes to '.*events', or waybill erase/)
  await more.close()
  expect((await erasing).code).toBe(0)
  await using _collector = await startCollector()
})

test.each([
  [[], 'Say whom to erase'],
  [['--user-id', 'a', '--anonymous-id', 'b', '.'], 'Say whom to erase'],
  [['--user-id', '', '.'], '--user-id takes a value: --user-id ID.'],
  [['--user-id', 'a'], 'Name files or folders'],
  [['--user-id', 'a', '-'], 'standard input has no place'],
])('called as %j it says what to do', async (args, message) => {
  const { code, stderr } = await waybill('erase', ...args)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
