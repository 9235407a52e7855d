import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Spool } from '../core/digest-log.ts'

export interface TemporarySpool extends Spool {
  /** Removes the file, if there is one. */
  close(): void
}

/** What is held in memory; more goes to a file. */
const BLOCK = 1_048_576

/**
 * Keeps what is appended in memory up to 1 MiB, and above that in a file in the folder for temporary files (`TMPDIR`), which
 * is gone when the process is, however it ends. `append` throws when that can't be written.
 */
export function createSpool(folder: string = tmpdir(), blockBytes: number = BLOCK): TemporarySpool {
  const block = new Uint8Array(blockBytes)
  const written: number[] = []
  let length = 0
  let file: { descriptor: number; folder: string } | undefined

  function write(): void {
    try {
      file ??= open(folder)
      for (let at = 0; at < length; ) at += writeSync(file.descriptor, block, at, length - at)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : cause
      throw new Error(`No temporary file can be written in ${folder}: set TMPDIR to a folder with room. ${why}`, {
        cause,
      })
    }
    written.push(length)
    length = 0
  }

  return {
    append(bytes) {
      if (length + bytes.length > block.length) write()
      block.set(bytes, length)
      length += bytes.length
    },
    *read() {
      const read = new Uint8Array(file ? blockBytes : 0)
      let position = 0
      for (const size of written) {
        for (let at = 0; at < size; ) {
          const count = readSync((file as { descriptor: number }).descriptor, read, at, size - at, position + at)
          if (count === 0) throw new Error('The temporary file with the digests has been cut short by somebody else.')
          at += count
        }
        position += size
        yield read.subarray(0, size)
      }
      yield block.subarray(0, length)
    },
    close() {
      if (!file) return
      closeSync(file.descriptor)
      rmSync(file.folder, { recursive: true, force: true })
      file = undefined
    },
  }
}

function open(parent: string): { descriptor: number; folder: string } {
  const folder = mkdtempSync(join(parent, 'waybill-'))
  const descriptor = openSync(join(folder, 'digests'), 'wx+', 0o600)
  // An open file outlives its name, so a killed process leaves nothing behind. Windows refuses, and `close` removes it.
  try {
    rmSync(folder, { recursive: true })
  } catch {}
  return { descriptor, folder }
}
