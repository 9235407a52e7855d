import type { Remark } from '../core/report.ts'
import { createProgress } from '../edges/create-progress.ts'
import { listFiles } from '../edges/list-files.ts'
import { readLines } from '../edges/read-lines.ts'
import { UsageError } from './options.ts'
import type { Terminal } from './terminal.ts'

/** Who takes what is read. */
export interface Taker {
  beginFile?(path: string): void
  line(text: string, number: number, file: string): void
  remark(remark: Remark): void
}

/**
 * Reads all lines of files, folders and standard input, in turn, and says on stderr how far it is.
 * Throws a UsageError when there is nothing to read.
 *
 * @returns how many bytes were read
 */
export async function readAll(
  command: string,
  paths: readonly string[],
  showsProgress: boolean,
  { stdin, stderr }: Terminal,
  taker: Taker,
): Promise<number> {
  if (paths.length === 0) {
    throw new UsageError(`Name files or folders to read, or - for standard input. See: waybill ${command} --help`)
  }
  if (paths.filter((path) => path === '-').length > 1) throw new UsageError('Standard input can be read only once.')
  const { sources, remarks } = await listFiles(paths)
  for (const remark of remarks) taker.remark(remark)

  const total = sources.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  )
  const progress = showsProgress || stderr.isTTY ? createProgress({ stream: stderr, total }) : undefined
  let bytes = 0
  let lines = 0
  try {
    for (const { path } of sources) {
      taker.beginFile?.(path)
      await readLines(path, stdin, {
        line(text, number) {
          lines++
          taker.line(text, number, path)
        },
        remark: taker.remark,
        bytes(count) {
          bytes += count
          progress?.update({ bytes, lines })
        },
      })
    }
  } finally {
    progress?.end()
  }
  return bytes
}
