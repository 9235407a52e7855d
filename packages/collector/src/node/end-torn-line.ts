import { open } from 'node:fs/promises'
import { LF } from '../core/bytes.ts'

/** Longer than a line can be: in bytes. */
const TAIL = 1_048_576

/**
 * Sees to it that a file of lines ends with a line feed, as a process that was killed, or a power cut, may have left it in the
 * middle of a write, which nobody was told had succeeded. A last line that is JSON is kept and ended; one that is not is cut off.
 *
 * @returns how many bytes were cut off
 */
export async function endTornLine(path: string): Promise<number> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    if (size === 0) return 0
    const tail = Buffer.alloc(Math.min(size, TAIL))
    const from = size - tail.length
    for (let read = 0; read < tail.length; ) {
      const { bytesRead } = await file.read(tail, read, tail.length - read, from + read)
      if (bytesRead === 0) return 0
      read += bytesRead
    }
    if (tail.at(-1) === LF) return 0
    const line = tail.subarray(tail.lastIndexOf(LF) + 1)
    // No line is as long as that: it is another program's file.
    if (line.length === TAIL) throw new Error(`${path} is no file of events: its last line is of ${TAIL} bytes or more`)
    if (isJson(line)) await file.write('\n', size)
    else await file.truncate(size - line.length)
    await file.datasync()
    return isJson(line) ? 0 : line.length
  } finally {
    await file.close()
  }
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'))
    return true
  } catch {
    return false
  }
}
