import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, open as openFile, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fail, ok } from '@waybill/protocol'
import { abortable } from '../core/abortable.ts'
import type { Batch } from '../core/batch.ts'
import type { Bytes } from '../core/bytes.ts'
import { checkNothingElse, checkText } from '../core/check-kind.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { describeError } from '../core/describe-error.ts'
import { toNdjson } from '../core/join-lines.ts'
import type { Sink } from '../core/sink.ts'
import { toGeneration } from '../core/to-generation.ts'
import { type AppendLog, createAppendLog, type Open } from './append-log.ts'
import { isDayFile, toDayFile } from './day-file.ts'
import { endTornLine } from './end-torn-line.ts'
import { lockFolder, type Unlock } from './lock-folder.ts'

export interface FileSinkOptions {
  /** The folder for all files. It is created, and must be on a disk of this machine. */
  dir: string
  /** Default `file`. */
  name?: string
  /** Default `true`. */
  required?: boolean
  /** Told of each file whose torn last line was cut off at the start. Default: nobody is. */
  onRepair?: (repair: Repair) => void
  /** Default: that of `node:fs/promises`. */
  open?: Open
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
}

/** What a write that never ended, and that no client was told of, had left in a file. */
export interface Repair {
  path: string
  /** How many were cut off. */
  bytes: number
}

/** A sink with files open. */
export interface FileSink extends Sink {
  /**
   * Takes the folder and ends torn lines. The first delivery does so as well; who calls it before hears of a
   * `ConfigurationError` at the start.
   */
  open(): Promise<void>
  /** Writes what is under way, closes the files and lets go of the folder. Takes nothing more. */
  close(): Promise<void>
}

/** Batches of which a repeat is told. */
const REMEMBERED = 10_000
/** Files that are kept open. */
const OPEN_FILES = 64
/**
 * So much may wait for the disk, in bytes: what one that takes 6 MB/s writes in the 10 s that a batch has where nothing else is
 * set. More would be given up at its deadline, and fill the memory until then.
 */
const MAX_WAITING = 67_108_864

/** A batch that is being written, for all who present it meanwhile. */
interface Recording {
  ended: Promise<void>
  /** How many wait for it. */
  waiting: number
  /** Is aborted when nobody does. */
  left: AbortController
  /** Whether it takes longer than one of those who presented it could wait. */
  isOverdue: boolean
  /** The file. */
  path: string
}

/**
 * Appends each batch to `<dir>/<key id>/dt=<day>.ndjson`, by the day in UTC on which the collector got it, and says that it has
 * it when `fdatasync` does. Batches that come together share one. It is a file of whole lines always: what a crash has torn is
 * cut off at the next start, and what fails, on a full disk for instance, is taken back. One process has the folder. A batch
 * that is given up while it waits for the disk is let go of, and what would make more than 64 MiB wait is not taken.
 *
 * After a batch that could not be written, and while a write takes longer than its batch may, it is not ready; asked again, it
 * finds out by itself whether it could write.
 *
 * A repeat is told by batch id and digest among the last 10,000 batches. After a restart it is written again: whoever reads
 * the files tells it by `received.batchId`, as `waybill audit` does.
 */
export function fileSink({
  dir,
  name = 'file',
  required = true,
  onRepair = () => {},
  open = openFile,
  now = Date.now,
  ...others
}: FileSinkOptions): FileSink {
  checkNothingElse('file', others)
  checkText('dir', dir, "name a folder, as in './events'")
  const folder = resolve(dir)
  const probePath = join(folder, '.ready')
  const logs = new Map<string, AppendLog>()
  const remembered = new Set<string>()
  const underWay = new Map<string, Recording>()
  /** What was handed over and is not settled, what is being written included. */
  let waitingBytes = 0
  /** The last batch, if it could not be written. */
  let failed: { keyId: string; bytes: number } | undefined
  let retrying: Promise<void> | undefined
  let opening: Promise<Unlock> | undefined
  let isClosed = false

  async function takeFolder(): Promise<Unlock> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o750 })
      await access(folder, constants.W_OK)
    } catch (error) {
      throw new ConfigurationError(
        `dir: '${folder}' cannot be written to (${describeError(error)}); name another folder.`,
      )
    }
    const unlock = await lockFolder(folder)
    if (!unlock) {
      throw new ConfigurationError(
        `dir: another collector writes to '${folder}', or waybill erase is at work there; stop it, or give each collector a folder of its own.`,
      )
    }
    try {
      // A process that was killed in the middle of its probe has left it.
      await rm(probePath, { force: true })
      for (const path of await listFiles(folder)) {
        const bytes = await endTornLine(path)
        if (bytes > 0) onRepair({ path, bytes })
      }
    } catch (error) {
      await unlock()
      throw error
    }
    return unlock
  }

  function openFolder(): Promise<Unlock> {
    // What fails is tried again by the next delivery: the disk may have come back.
    opening ??= takeFolder().catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }

  /** The file of a site and a day. */
  const pathOf = (keyId: string, at: string): string => join(folder, ...toDayFile(keyId, at.slice(0, 10)))

  /** Opens it, and has no more files open than may be. */
  function logOf(path: string): AppendLog {
    const log = logs.get(path) ?? createAppendLog(path, open)
    logs.delete(path)
    logs.set(path, log)
    for (const [other, { idle, close }] of logs) {
      if (logs.size <= OPEN_FILES) break
      if (!idle || other === path) continue
      logs.delete(other)
      close().catch(() => {})
    }
    return log
  }

  async function append(path: string, lines: Bytes, signal: AbortSignal): Promise<void> {
    if (waitingBytes + lines.length > MAX_WAITING) {
      throw new Error(
        `${Math.floor(waitingBytes / 1_048_576)} MiB wait to be written to '${folder}': see why its disk is slow or hangs, or let a second collector share the load, with a disk of its own`,
      )
    }
    waitingBytes += lines.length
    try {
      await abortable(openFolder(), signal)
      if (isClosed) throw new Error('it was closed')
      await logOf(path).append(lines, signal)
    } finally {
      waitingBytes -= lines.length
    }
  }

  async function record({ keyId, lines }: Batch, identity: string, path: string, signal: AbortSignal): Promise<void> {
    const bytes = toNdjson(lines)
    try {
      await append(path, bytes, signal)
      failed = undefined
    } catch (error) {
      failed = { keyId, bytes: bytes.length }
      throw error
    }
    remembered.add(identity)
    for (const oldest of remembered) {
      if (remembered.size <= REMEMBERED) break
      remembered.delete(oldest)
    }
  }

  async function recordOnce(batch: Batch, signal: AbortSignal): Promise<void> {
    const identity = `${batch.keyId} ${batch.batchId} ${batch.digest}`
    if (remembered.has(identity)) return
    const recording = underWay.get(identity) ?? begin(batch, identity)
    recording.waiting++
    try {
      await abortable(recording.ended, signal)
    } catch (error) {
      if (signal.aborted) recording.isOverdue = true
      // Nobody waited for it any more when this one came, so it was let go of, at the deadline of another.
      else if (recording.left.signal.aborted) return await recordOnce(batch, signal)
      throw error
    } finally {
      if (--recording.waiting === 0) recording.left.abort(signal.reason)
    }
  }

  function begin(batch: Batch, identity: string): Recording {
    const left = new AbortController()
    const path = pathOf(batch.keyId, batch.receivedAt)
    const ended = record(batch, identity, path, left.signal).finally(() => underWay.delete(identity))
    const recording = { ended, waiting: 0, left, isOverdue: false, path }
    underWay.set(identity, recording)
    return recording
  }

  /**
   * Whether the next batch would be taken, after one was not. Who is not ready is sent no batch that could show it, so this
   * does all that a batch takes, but for the events: it opens today's file, and writes as many bytes beside it.
   */
  async function retry(): Promise<void> {
    if (!failed) return
    const last = failed
    const { signal } = new AbortController()
    await append(pathOf(last.keyId, new Date(now()).toISOString()), new Uint8Array(), signal)
    await rm(probePath, { force: true })
    const probe = createAppendLog(probePath, open)
    try {
      // Some file systems have room for any number of zeros.
      await probe.append(Uint8Array.from(randomBytes(last.bytes)), signal)
    } finally {
      await probe.close()
      await rm(probePath, { force: true })
    }
    if (failed === last) failed = undefined
  }

  return {
    name,
    guarantee: 'durable',
    required,
    generation: toGeneration(folder),
    idempotency: {
      key: 'the batch id and the digest',
      window: 'the last 10,000 batches of the process; after a restart a repeat is written again',
    },
    async deliver(batch, signal) {
      try {
        signal.throwIfAborted()
        await recordOnce(batch, signal)
        return ok(undefined)
      } catch (error) {
        return fail({ kind: 'transient', detail: describeError(error) })
      }
    },
    async ready(signal) {
      const check = async () => {
        // First, as each call to a disk that hangs takes one of the few threads that Node has for files.
        for (const { isOverdue, path } of underWay.values()) {
          if (isOverdue) throw new DOMException(`a write to ${path} does not end`, 'TimeoutError')
        }
        await (await open(folder, 'r')).close()
        await access(folder, constants.W_OK)
        retrying ??= retry().finally(() => {
          retrying = undefined
        })
        await retrying
      }
      try {
        await abortable(check(), signal)
        return ok(undefined)
      } catch (error) {
        return fail({ kind: 'transient', detail: describeError(error) })
      }
    },
    async open() {
      await openFolder()
    },
    async close() {
      isClosed = true
      const unlock = await opening?.catch(() => undefined)
      await retrying?.catch(() => {})
      await Promise.all([...logs.values()].map(({ close }) => close()))
      await unlock?.()
    },
  }
}

/** The files that this sink has written before. */
async function listFiles(folder: string): Promise<string[]> {
  const sites = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const files = sites.map(async ({ name }) => {
    const entries = await readdir(join(folder, name), { withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && isDayFile(entry.name))
      .map((entry) => join(folder, name, entry.name))
  })
  return (await Promise.all(files)).flat()
}
