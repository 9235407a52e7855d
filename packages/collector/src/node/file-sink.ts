import { access, constants, mkdir, open as openFile, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fail, ok } from '@waybill/protocol'
import { abortable } from '../core/abortable.ts'
import type { Batch } from '../core/batch.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { describeError } from '../core/describe-error.ts'
import { toNdjson } from '../core/join-lines.ts'
import type { Sink } from '../core/sink.ts'
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
 * Appends each batch to `<dir>/<key id>/dt=<day>.ndjson`, by the day in UTC on which the collector got it, and says that it has
 * it when `fdatasync` does. Batches that come together share one. It is a file of whole lines always: what a crash has torn is
 * cut off at the next start, and what fails, on a full disk for instance, is taken back. One process has the folder.
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
}: FileSinkOptions): FileSink {
  if (dir === '') throw new ConfigurationError("dir: name a folder, as in './events'.")
  const folder = resolve(dir)
  const logs = new Map<string, AppendLog>()
  const remembered = new Set<string>()
  const underWay = new Map<string, Promise<void>>()
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

  /** The file of a batch, and no more files open than may be. */
  function logOf({ keyId, receivedAt }: Batch): AppendLog {
    const path = join(folder, ...toDayFile(keyId, receivedAt.slice(0, 10)))
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

  async function record(batch: Batch, identity: string): Promise<void> {
    await openFolder()
    if (isClosed) throw new Error('it was closed')
    await logOf(batch).append(toNdjson(batch.lines))
    remembered.add(identity)
    for (const oldest of remembered) {
      if (remembered.size <= REMEMBERED) break
      remembered.delete(oldest)
    }
  }

  function recordOnce(batch: Batch): Promise<void> {
    const identity = `${batch.keyId} ${batch.batchId} ${batch.digest}`
    if (remembered.has(identity)) return Promise.resolve()
    const same = underWay.get(identity)
    if (same) return same
    const recording = record(batch, identity).finally(() => underWay.delete(identity))
    underWay.set(identity, recording)
    return recording
  }

  return {
    name,
    guarantee: 'durable',
    required,
    generation: folder.slice(-256),
    idempotency: {
      key: 'the batch id and the digest',
      window: 'the last 10,000 batches of the process; after a restart a repeat is written again',
    },
    async deliver(batch, signal) {
      try {
        signal.throwIfAborted()
        await abortable(recordOnce(batch), signal)
        return ok(undefined)
      } catch (error) {
        return fail({ kind: 'transient', detail: describeError(error) })
      }
    },
    async ready(signal) {
      const check = async () => {
        await (await open(folder, 'r')).close()
        await access(folder, constants.W_OK)
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
