import { type FileHandle, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Bytes, concat } from '../core/bytes.ts'
import { endTornLine } from './end-torn-line.ts'

/** Opens a file as `node:fs/promises` does. */
export type Open = (path: string, flags: string, mode?: number) => Promise<FileHandle>

/** A file that only grows, by whole runs of lines. */
export interface AppendLog {
  /**
   * Resolves when these lines are on the disk; with no lines, when the file can be appended to. Rejects when they may not be;
   * nothing is left of them then. When the signal fires, lines that still wait are let go of, and those that are being written
   * are not.
   */
  append(lines: Bytes, signal: AbortSignal): Promise<void>
  /** Whether nothing is being written, nor waits to be. */
  readonly idle: boolean
  /** Writes what was handed over, and lets go of the file until the next call of `append`. */
  close(): Promise<void>
}

/** So much is written and synchronised at once, in bytes. */
const GROUP = 8_388_608

interface Waiting {
  lines: Bytes
  resolve(): void
  reject(error: unknown): void
}

/**
 * Appends to a file, and creates it and its folders when they are needed. Whatever comes while the disk is busy is written by
 * one call and made durable by one `fdatasync`, for all that wait. A write that fails is taken back, so that no half line of
 * it damages a neighbour.
 */
export function createAppendLog(path: string, open: Open): AppendLog {
  const waiting = new Set<Waiting>()
  let draining: Promise<void> | undefined
  let file: FileHandle | undefined
  /** How long the file is, all of it on the disk, in bytes. */
  let size = 0

  async function openFile(): Promise<FileHandle> {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 })
    const opened = await open(path, 'a', 0o640)
    try {
      await endTornLine(path)
      size = (await opened.stat()).size
      // A file is found after a power cut when its folder is on the disk, too, and the folder by its own.
      if (size === 0) for (const folder of foldersOf(path)) await syncFolder(folder, open)
      file = opened
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  async function write(bytes: Bytes): Promise<void> {
    const handle = file ?? (await openFile())
    let written = 0
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, written, bytes.length - written)
        if (bytesWritten === 0) throw new Error('the disk takes no more')
        written += bytesWritten
      }
      await handle.datasync()
      const { size: found, nlink } = await handle.stat()
      if (nlink === 0) throw new Error(`${path} was deleted while it was written to`)
      if (found !== size + bytes.length) throw new Error(`another program writes to ${path}`)
      size = found
    } catch (error) {
      await takeBack(handle, written)
      throw error
    }
  }

  /** Of what a failed `fsync` has left, the next one may say that it is on the disk (LWN 752063): the file is opened anew. */
  async function takeBack(handle: FileHandle, written: number): Promise<void> {
    file = undefined
    try {
      const found = (await handle.stat()).size
      // What somebody else has written is not ours to take back.
      if (found <= size + written) {
        await handle.truncate(size)
        await handle.datasync()
      }
    } catch {
      // Then a torn line is left, and ended when the file is opened again.
    } finally {
      await handle.close().catch(() => {})
    }
  }

  async function drain(): Promise<void> {
    while (waiting.size > 0) {
      const group = takeGroup()
      try {
        await write(concat([...group].map(({ lines }) => lines)))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    draining = undefined
  }

  function takeGroup(): Set<Waiting> {
    const group = new Set<Waiting>()
    let bytes = 0
    for (const each of waiting) {
      bytes += each.lines.length
      if (group.size > 0 && bytes > GROUP) break
      group.add(each)
      waiting.delete(each)
    }
    return group
  }

  return {
    append: (lines, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const own: Waiting = { lines, resolve, reject }
        const giveUp = () => {
          if (waiting.delete(own)) reject(signal.reason)
        }
        signal.addEventListener('abort', giveUp, { once: true })
        waiting.add(own)
        draining ??= drain()
      }),
    get idle() {
      return draining === undefined
    },
    async close() {
      await draining
      const handle = file
      file = undefined
      await handle?.close()
    },
  }
}

/** The folders that may be new: of the site, of all events, and where that lies. */
const foldersOf = (path: string): string[] => [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))]

async function syncFolder(folder: string, open: Open): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    // Windows has no such thing, nor do some file systems, and a folder above ours may not be ours to open.
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM'].includes(code)) throw error
  }
}
