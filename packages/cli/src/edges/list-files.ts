import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isLikeObject } from '../core/parse-object-key.ts'
import type { Remark } from '../core/report.ts'

/** One thing to read. */
export interface Source {
  /** `-` is standard input. */
  path: string
  /** Absent where it can't be known before. */
  bytes?: number
}

/** What a sink's data is called in a folder. A file that is named itself may be called anything. */
const NAME = /\.(ndjson|jsonl|json)(\.gz)?$/

/**
 * The files to read: those that are named, and those in folders and the folders within, in the order of their names, in which
 * the batches of a stream follow each other in an object store. What can't be read or is passed over is a remark.
 */
export async function listFiles(paths: readonly string[]): Promise<{ sources: Source[]; remarks: Remark[] }> {
  const sources: Source[] = []
  const remarks: Remark[] = []

  async function add(path: string, isNamed: boolean): Promise<void> {
    try {
      const found = await stat(path)
      if (found.isDirectory()) await addFolder(path)
      else if (isNamed || (found.isFile() && NAME.test(path))) {
        sources.push(found.isFile() ? { path, bytes: found.size } : { path })
      } else {
        const detail =
          'In a folder only .ndjson, .jsonl and .json are read, and these with .gz. Name the file to read it.'
        const batch = `It is named as a batch. ${detail}`
        remarks.push(
          isLikeObject(path)
            ? { kind: 'unreadable', file: path, detail: batch }
            : { kind: 'skipped', file: path, detail },
        )
      }
    } catch (error) {
      remarks.push(toUnreadable(path, error))
    }
  }

  async function addFolder(folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true })
    entries.sort((one, other) => (one.name < other.name ? -1 : 1))
    for (const entry of entries) {
      const path = join(folder, entry.name)
      // A link may lead back to where it lies.
      if (entry.isSymbolicLink() && (await isFolder(path))) {
        remarks.push({ kind: 'skipped', file: path, detail: 'It is a link to a folder. Name the folder to read it.' })
      } else await add(path, false)
    }
  }

  for (const path of paths) {
    if (path === '-') sources.push({ path })
    else await add(path, true)
  }
  return { sources, remarks }
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** The remark about what the system doesn't let us read. */
export const toUnreadable = (file: string, error: unknown): Remark => ({
  kind: 'unreadable',
  file,
  detail: error instanceof Error ? error.message : String(error),
})
