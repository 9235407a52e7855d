import {
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deliverable, lineOf, NOW } from '../../test/batches.ts'
import type { Batch } from '../core/batch.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import type { Open } from './append-log.ts'
import { type FileSink, type FileSinkOptions, fileSink } from './file-sink.ts'

const { signal } = new AbortController()
const OK = { ok: true, value: undefined }

let dir: string
const sinks: FileSink[] = []
const hanging: (() => void)[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'waybill-file-'))
})
afterEach(async () => {
  for (const goOn of hanging.splice(0)) goOn()
  await Promise.all(sinks.splice(0).map((sink) => sink.close()))
  await rm(dir, { recursive: true })
})

function sinkOf(options: Partial<FileSinkOptions> = {}): FileSink {
  const sink = fileSink({ dir, now: () => NOW, ...options })
  sinks.push(sink)
  return sink
}

const fileOf = (keyId = 'site') => join(dir, keyId, 'dt=2026-11-22.ndjson')
const read = (path = fileOf()) => readFile(path, 'utf8')
const textOf = (...batches: Batch[]) =>
  batches.flatMap(({ lines }) => lines.map((line) => `${new TextDecoder().decode(line)}\n`)).join('')

/** What a disk does instead of what it is asked for; `undefined` when it is to do that. */
interface Faults {
  /** How many bytes it takes at most. */
  write?(offset: number): Promise<number | undefined>
  datasync?(): Promise<void> | undefined
  truncate?(): Promise<void> | undefined
  sync?(path: string): void
}

/** Real files of a disk that can be broken. */
function diskOf(faults: Faults): Open {
  return async (path, flags, mode) => {
    const file = await open(path, flags, mode)
    return new Proxy(file, {
      get(target, member) {
        if (member === 'write') {
          return async (bytes: Uint8Array, offset: number, length: number) => {
            const most = (await faults.write?.(offset)) ?? length
            return target.write(bytes, offset, Math.min(most, length))
          }
        }
        if (member === 'datasync') return async () => (await faults.datasync?.()) ?? target.datasync()
        if (member === 'truncate') return async (to: number) => (await faults.truncate?.()) ?? target.truncate(to)
        if (member === 'sync') faults.sync?.(path)
        const value = Reflect.get(target, member)
        return typeof value === 'function' ? value.bind(target) : value
      },
    }) as FileHandle
  }
}

/** What a test holds back. */
function createGate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

const noSpace = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

test('each batch is appended to the file of its site and of the day on which it came', async () => {
  const sink = sinkOf()
  const [one, two] = [await deliverable(1, 3), await deliverable(4, 5)]
  const other = { ...one, keyId: 'other', receivedAt: '2026-11-23T00:00:00.000Z' }
  for (const batch of [one, two, other]) expect(await sink.deliver(batch, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(one, two))
  expect(await read(join(dir, 'other/dt=2026-11-23.ndjson'))).toBe(textOf(one))
})

test('a repeat is written once by one process, also while the first is still under way; a fork is written', async () => {
  const sink = sinkOf()
  const batch = await deliverable(1, 2)
  const fork = await deliverable(1, 2, [lineOf(1), lineOf(2, { event: 'Something Else' })])
  await Promise.all([sink.deliver(batch, signal), sink.deliver(batch, signal)])
  await sink.deliver(batch, signal)
  expect(await sink.deliver(fork, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(batch, fork))
})

test('a new process appends to what is there, and writes a repeat again', async () => {
  const batch = await deliverable(1, 2)
  const first = sinkOf()
  await first.deliver(batch, signal)
  await first.close()
  await sinkOf().deliver(batch, signal)
  expect(await read()).toBe(textOf(batch, batch))
})

test('batches that come together share one fdatasync, and none is answered for before it', async () => {
  let synced = 0
  const gate = createGate()
  const sink = sinkOf({
    open: diskOf({
      datasync() {
        synced++
        return synced === 1 ? gate.opened : undefined
      },
    }),
  })
  const batches = await Promise.all(Array.from({ length: 51 }, (_, index) => deliverable(index + 1, index + 1)))
  let answered = 0
  const deliveries = batches.map((batch) => sink.deliver(batch, signal).finally(() => answered++))
  await expect.poll(() => synced).toBe(1)
  expect(answered).toBe(0)
  gate.open()
  for (const delivery of deliveries) expect(await delivery).toEqual(OK)
  expect(synced).toBeLessThanOrEqual(3)
  expect((await read()).split('\n').toSorted()).toEqual(
    textOf(...batches)
      .split('\n')
      .toSorted(),
  )
})

test('a file that is new is on the disk with its name, and so are the folders it lies in', async () => {
  const folders: string[] = []
  const sink = sinkOf({ dir: join(dir, 'events'), open: diskOf({ sync: (path) => folders.push(path) }) })
  for (const seq of [1, 2]) await sink.deliver(await deliverable(seq, seq), signal)
  expect(folders).toEqual([join(dir, 'events/site'), join(dir, 'events'), dir])
})

test('a write that the disk takes in pieces is whole', async () => {
  const sink = sinkOf({ open: diskOf({ write: async () => 7 }) })
  const batch = await deliverable(1, 2)
  expect(await sink.deliver(batch, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(batch))
})

test('on a full disk nothing is left of the batch, its neighbours are whole, and it goes on when there is room', async () => {
  let isFull = false
  const write = async (offset: number) => {
    if (isFull && offset > 0) throw noSpace()
    // The disk takes the beginning.
    return isFull ? 100 : undefined
  }
  const sink = sinkOf({ open: diskOf({ write }) })
  const [before, during, after] = [await deliverable(1, 2), await deliverable(3, 4), await deliverable(5, 6)]
  await sink.deliver(before, signal)
  isFull = true
  expect(await sink.deliver(during, signal)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: 'Error: ENOSPC: no space left on device, write' },
  })
  expect(await read()).toBe(textOf(before))
  isFull = false
  for (const batch of [after, during]) expect(await sink.deliver(batch, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(before, after, during))
})

test('half a line that could not be taken back is cut off before the next is written', async () => {
  let isBroken = false
  const write = async (offset: number) => {
    if (isBroken && offset > 0) throw noSpace()
    return isBroken ? 100 : undefined
  }
  const truncate = async () => {
    throw new Error('EIO')
  }
  const sink = sinkOf({ open: diskOf({ write, truncate }) })
  const [before, after] = [await deliverable(1, 2), await deliverable(5, 6)]
  await sink.deliver(before, signal)
  isBroken = true
  expect((await sink.deliver(await deliverable(3, 4), signal)).ok).toBe(false)
  expect(await read()).not.toBe(textOf(before))
  isBroken = false
  expect(await sink.deliver(after, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(before, after))
})

test('what fdatasync failed on is not believed to be on the disk by the next one: it is taken back and written again', async () => {
  let fails = true
  let opened = 0
  const disk = diskOf({
    async datasync() {
      if (!fails) return
      fails = false
      throw new Error('EIO: i/o error, fdatasync')
    },
  })
  const sink = sinkOf({
    open: (path, flags, mode) => {
      if (flags === 'a') opened++
      return disk(path, flags, mode)
    },
  })
  const batch = await deliverable(1, 2)
  expect((await sink.deliver(batch, signal)).ok).toBe(false)
  expect(await read()).toBe('')
  expect(await sink.deliver(batch, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(batch))
  expect(opened).toBe(2)
})

test.each([
  ['half a line', '{"streamId":"0192', 17],
  ['bytes that the disk had not written', '\0\0\0\0', 4],
  ['nothing but half a line', '{"half', 6],
])('%s that a crash has left is cut off at the start, in every file, and told', async (name, torn, bytes) => {
  const whole = name.startsWith('nothing') ? '' : textOf(await deliverable(1, 2))
  const old = join(dir, 'other/dt=2020-01-01.ndjson')
  await mkdir(join(dir, 'other'))
  await writeFile(old, whole + torn)
  const repairs: unknown[] = []
  await sinkOf({ onRepair: (repair) => repairs.push(repair) }).open()
  expect(repairs).toEqual([{ path: old, bytes }])
  expect(await read(old)).toBe(whole)
})

test('a last line that lacks nothing but its line feed is kept, and what is no file of ours is left alone', async () => {
  const batch = await deliverable(1, 2)
  await mkdir(join(dir, 'site'))
  await writeFile(fileOf(), textOf(batch).slice(0, -1))
  await writeFile(join(dir, 'site/notes.txt'), 'no line feed')
  await writeFile(join(dir, 'dt=2020-01-01.ndjson'), 'not below a site')
  const next = await deliverable(3, 3)
  await sinkOf().deliver(next, signal)
  expect(await read()).toBe(textOf(batch, next))
  expect(await read(join(dir, 'site/notes.txt'))).toBe('no line feed')
  expect(await read(join(dir, 'dt=2020-01-01.ndjson'))).toBe('not below a site')
})

test('a second collector on the same folder is refused, by any path to it, until the first has closed', async () => {
  const first = sinkOf()
  await first.open()
  const second = sinkOf({ dir: `${dir}/../${dir.split('/').at(-1)}/.` })
  await expect(second.open()).rejects.toThrow(ConfigurationError)
  await expect(second.open()).rejects.toThrow(/^dir: another collector writes to '.*'.*; stop it, or give each/)
  expect(await second.deliver(await deliverable(1, 1), signal)).toMatchObject({
    ok: false,
    fault: { kind: 'transient' },
  })
  await first.close()
  expect(await second.deliver(await deliverable(1, 1), signal)).toEqual(OK)
})

test('what another program appends is kept, and the batch between is not called taken', async () => {
  const sink = sinkOf()
  const [one, two] = [await deliverable(1, 1), await deliverable(2, 2)]
  await sink.deliver(one, signal)
  await writeFile(fileOf(), 'theirs\n', { flag: 'a' })
  expect(await sink.deliver(two, signal)).toMatchObject({
    ok: false,
    fault: { detail: expect.stringContaining('another program') },
  })
  expect(await sink.deliver(two, signal)).toEqual(OK)
  const text = await read()
  for (const part of [textOf(one), 'theirs\n', textOf(two)]) expect(text).toContain(part)
})

test('a file that was deleted is not written to any longer, and one that was moved away is whole', async () => {
  const sink = sinkOf()
  const [one, two, three] = [await deliverable(1, 1), await deliverable(2, 2), await deliverable(3, 3)]
  await sink.deliver(one, signal)
  await rename(fileOf(), join(dir, 'moved'))
  expect(await sink.deliver(two, signal)).toEqual(OK)
  expect(await read(join(dir, 'moved'))).toBe(textOf(one, two))
  await rm(join(dir, 'moved'))
  expect((await sink.deliver(three, signal)).ok).toBe(false)
  expect(await sink.deliver(three, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(three))
})

test.skipIf(process.platform !== 'linux')('100 sites do not exhaust the files that a process may open', async () => {
  const sink = sinkOf()
  const before = (await readdir('/proc/self/fd')).length
  const batch = await deliverable(1, 1)
  for (let site = 0; site < 100; site++) {
    expect(await sink.deliver({ ...batch, keyId: `s${site}` }, signal)).toEqual(OK)
  }
  expect((await readdir('/proc/self/fd')).length - before).toBeLessThan(80)
  expect(await sink.deliver({ ...batch, keyId: 's0', digest: 'f'.repeat(64) }, signal)).toEqual(OK)
  expect(await read(fileOf('s0'))).toBe(textOf(batch, batch))
})

/** A disk that does not come back from `fdatasync` until it is let go on. */
function hangingDisk() {
  const gate = createGate()
  let began = () => {}
  const hangs = new Promise<void>((resolve) => {
    began = resolve
  })
  const datasync = () => {
    began()
    return gate.opened
  }
  hanging.push(gate.open)
  return { open: diskOf({ datasync }), hangs, goOn: gate.open }
}

/** A batch that such a disk has begun to write, presented by one who may leave. */
async function presentToHangingDisk() {
  const disk = hangingDisk()
  const sink = sinkOf({ open: disk.open })
  const batch = await deliverable(1, 2)
  const leaving = new AbortController()
  const given = sink.deliver(batch, leaving.signal)
  await disk.hangs
  return { disk, sink, batch, leaving, given }
}

/** Batches without end, each with a line of so many bytes, the same memory for all. */
async function* manyBatches(bytes: number): AsyncGenerator<Batch> {
  const batch = await deliverable(1, 1, [lineOf(1, { properties: { text: 'x'.repeat(bytes) } })])
  for (let number = 0; ; number++) yield { ...batch, digest: String(number).padStart(64, '0') }
}

test('a batch that is given up while it waits for the disk is not written, and who still waits for it has it', async () => {
  const disk = hangingDisk()
  const sink = sinkOf({ open: disk.open })
  const [first, left, wanted] = [await deliverable(1, 1), await deliverable(2, 2), await deliverable(3, 3)]
  const leaving = new AbortController()
  const deliveries = [sink.deliver(first, signal)]
  await disk.hangs
  const given = [left, wanted].map((batch) => sink.deliver(batch, leaving.signal))
  deliveries.push(sink.deliver(wanted, signal))
  leaving.abort(new Error('enough'))
  for (const each of given) expect(await each).toMatchObject({ ok: false, fault: { detail: 'Error: enough' } })
  disk.goOn()
  for (const each of deliveries) expect(await each).toEqual(OK)
  expect(await read()).toBe(textOf(first, wanted))
  expect(await sink.deliver(left, signal)).toEqual(OK)
  expect(await read()).toBe(textOf(first, wanted, left))
})

test('who presents a batch while another gives it up is not told of a deadline that is not its own', async () => {
  const disk = hangingDisk()
  const sink = sinkOf({ open: disk.open })
  const first = await deliverable(1, 1)
  const deliveries = [sink.deliver(first, signal)]
  await disk.hangs
  const batches = await Promise.all(Array.from({ length: 16 }, (_, index) => deliverable(index + 2, index + 2)))
  for (const [turns, batch] of batches.entries()) {
    const leaving = new AbortController()
    const given = sink.deliver(batch, leaving.signal)
    leaving.abort(new Error('enough'))
    // Giving up takes some turns of the microtask queue: each is tried.
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    deliveries.push(sink.deliver(batch, signal))
    expect(await given).toMatchObject({ ok: false, fault: { detail: 'Error: enough' } })
  }
  disk.goOn()
  for (const each of deliveries) expect(await each).toEqual(OK)
  expect((await read()).split('\n').toSorted()).toEqual(
    textOf(first, ...batches)
      .split('\n')
      .toSorted(),
  )
})

test('a batch that everybody gave up while it was being written is not written again for who presents it then', async () => {
  const { disk, sink, batch, leaving, given } = await presentToHangingDisk()
  leaving.abort()
  expect((await given).ok).toBe(false)
  const delivery = sink.deliver(batch, signal)
  disk.goOn()
  expect(await delivery).toEqual(OK)
  expect(await read()).toBe(textOf(batch))
})

test('while the disk hangs, memory does not grow with the batches that are given up', async () => {
  const disk = hangingDisk()
  const sink = sinkOf({ open: disk.open })
  const held = () => {
    globalThis.gc?.()
    return process.memoryUsage().arrayBuffers
  }
  const batches = manyBatches(200_000)
  const deliverSome = async (count: number) => {
    for (let number = 0; number < count; number++) {
      const { value } = await batches.next()
      const leaving = new AbortController()
      const delivery = sink.deliver(value, leaving.signal)
      await disk.hangs
      leaving.abort()
      expect((await delivery).ok).toBe(false)
    }
  }
  await deliverSome(1)
  const before = held()
  await deliverSome(400)
  await expect.poll(() => held() - before).toBeLessThan(10_000_000)
})

test('no more than 64 MiB wait for the disk: what is above is refused with what to do, until some has gone', async () => {
  const disk = hangingDisk()
  const sink = sinkOf({ open: disk.open })
  const batches = manyBatches(1_000_000)
  const leaving = new AbortController()
  const deliveries: ReturnType<typeof sink.deliver>[] = []
  for await (const batch of batches) {
    deliveries.push(sink.deliver(batch, deliveries.length < 10 ? signal : leaving.signal))
    if (deliveries.length === 68) break
  }
  expect(await deliveries[67]).toEqual({
    ok: false,
    fault: {
      kind: 'transient',
      detail: expect.stringMatching(/^Error: 6\d MiB wait to be written to .*: see why its disk/),
    },
  })
  leaving.abort()
  const late = deliverable(5, 5).then((batch) => sink.deliver(batch, signal))
  disk.goOn()
  expect(await late).toEqual(OK)
  expect((await Promise.all(deliveries)).filter(({ ok }) => ok)).toHaveLength(10)
})

const ready = (sink: FileSink) => sink.ready?.(signal)

test('after a write to a full disk it is not ready until there is room again, and finds that out without a batch', async () => {
  let isFull = false
  const sink = sinkOf({
    open: diskOf({
      async write() {
        if (isFull) throw noSpace()
        return undefined
      },
    }),
  })
  const batch = await deliverable(1, 2)
  await sink.deliver(batch, signal)
  isFull = true
  expect((await sink.deliver(await deliverable(3, 4), signal)).ok).toBe(false)
  for (let asked = 0; asked < 2; asked++) {
    expect(await ready(sink)).toEqual({
      ok: false,
      fault: { kind: 'transient', detail: 'Error: ENOSPC: no space left on device, write' },
    })
  }
  isFull = false
  expect(await ready(sink)).toEqual(OK)
  expect(await read()).toBe(textOf(batch))
  expect(await readdir(dir, { recursive: true })).toEqual(['site', 'site/dt=2026-11-22.ndjson'])
})

test('while the file of today cannot be opened it is not ready, nor for ever because of a day that is over', async () => {
  let today = NOW
  const sink = sinkOf({ now: () => today })
  await mkdir(fileOf(), { recursive: true })
  expect(await ready(sink)).toEqual(OK)
  expect((await sink.deliver(await deliverable(1, 2), signal)).ok).toBe(false)
  expect(await ready(sink)).toMatchObject({ ok: false, fault: { detail: expect.stringContaining('EISDIR') } })
  today += 86_400_000
  expect(await ready(sink)).toEqual(OK)
  today -= 86_400_000
  expect((await sink.deliver(await deliverable(1, 2), signal)).ok).toBe(false)
  await rmdir(fileOf())
  expect(await ready(sink)).toEqual(OK)
})

test('while a write does not end in the time that its batch had, it is not ready', async () => {
  const disk = hangingDisk()
  const sink = sinkOf({ open: disk.open })
  const leaving = new AbortController()
  const delivery = sink.deliver(await deliverable(1, 2), leaving.signal)
  await disk.hangs
  expect(await ready(sink)).toEqual(OK)
  leaving.abort()
  await delivery
  expect(await ready(sink)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: `TimeoutError: a write to ${fileOf()} does not end` },
  })
  disk.goOn()
  await expect.poll(() => ready(sink)).toEqual(OK)
})

test('while a write does not end it is not ready, also where somebody else still waits for the batch', async () => {
  const { disk, sink, batch, leaving, given } = await presentToHangingDisk()
  const delivery = sink.deliver(batch, signal)
  leaving.abort()
  await given
  expect(await ready(sink)).toEqual({
    ok: false,
    fault: { kind: 'transient', detail: `TimeoutError: a write to ${fileOf()} does not end` },
  })
  disk.goOn()
  expect(await delivery).toEqual(OK)
  expect(await ready(sink)).toEqual(OK)
})

test('what a process that was killed while it found out whether it is ready has left is gone at the start', async () => {
  await writeFile(join(dir, '.ready'), 'bytes of its own')
  await sinkOf().open()
  expect(await readdir(dir)).toEqual([])
})

test('a folder that another collector had when a batch came is taken when it is asked for its readiness', async () => {
  const [first, second] = [sinkOf(), sinkOf()]
  await first.open()
  expect((await second.deliver(await deliverable(1, 1), signal)).ok).toBe(false)
  expect(await ready(second)).toMatchObject({
    ok: false,
    fault: { detail: expect.stringContaining('another collector writes to') },
  })
  await first.close()
  expect(await ready(second)).toEqual(OK)
})

test('closing waits for what is under way and takes nothing more', async () => {
  const gate = createGate()
  let synced = 0
  const datasync = () => {
    synced++
    return gate.opened
  }
  const sink = sinkOf({ open: diskOf({ datasync }) })
  const batch = await deliverable(1, 2)
  const delivery = sink.deliver(batch, signal)
  await expect.poll(() => synced).toBe(1)
  const closing = sink.close()
  expect(await sink.deliver(await deliverable(3, 3), signal)).toMatchObject({ ok: false })
  gate.open()
  await closing
  expect(await delivery).toEqual(OK)
  expect(await read()).toBe(textOf(batch))
})

test('a folder that cannot be had is named when it is opened', async () => {
  await writeFile(join(dir, 'file'), '')
  await expect(sinkOf({ dir: join(dir, 'file') }).open()).rejects.toThrow(/^dir: '.*file' cannot be written to \(/)
})

test.each<[what: string, options: object, message: string]>([
  ['no folder', { dir: '' }, "dir: it is empty; name a folder, as in './events'."],
  ['a folder that is not set', {}, "dir: it is missing; name a folder, as in './events'."],
  ['an option that there is not', { dir: './events', folder: 'x' }, "file: there is no setting 'folder'"],
])('%s is refused when the sink is made', (_, options, message) => {
  expect(() => fileSink(options as FileSinkOptions)).toThrow(ConfigurationError)
  expect(() => fileSink(options as FileSinkOptions)).toThrow(message)
})
