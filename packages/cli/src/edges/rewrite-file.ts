import { isUtf8 } from 'node:buffer'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { createLineSplitter } from '../core/split-lines.ts'
import { MAX_LINE } from './read-lines.ts'

const LF = Buffer.from('\n')

/**
 * Rewrites a file line by line, one that is gzip as gzip. What `rewrite` answers nothing for keeps its bytes. The file is
 * replaced when all of it is on the disk; rejects, and leaves it as it was, when that can't be done. Of a link it is the file
 * to which it leads.
 */
export async function rewriteFile(named: string, rewrite: (text: string) => string | undefined): Promise<void> {
  // Else the link would be replaced, and the file stay as it was.
  const path = await realpath(named)
  const { mode } = await stat(path)
  const gzip = await isGzip(path)
  const temporary = `${path}.erasing`
  try {
    const through = (chunks: AsyncIterable<Buffer>) => rewriteLines(chunks, rewrite)
    const output = createWriteStream(temporary, { mode, flush: true })
    const input = createReadStream(path)
    if (gzip) await pipeline(input, createGunzip(), through, createGzip(), output)
    else await pipeline(input, through, output)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function* rewriteLines(
  chunks: AsyncIterable<Buffer>,
  rewrite: (text: string) => string | undefined,
): AsyncGenerator<Buffer> {
  let ready: Buffer[] = []
  const splitter = createLineSplitter(
    {
      line(bytes, isEnded) {
        // The view is overwritten once this returns.
        const line = Buffer.from(bytes)
        const text = isUtf8(line) ? rewrite(line.toString('utf8')) : undefined
        ready.push(text === undefined ? line : Buffer.from(text))
        if (isEnded) ready.push(LF)
      },
      tooLong() {
        throw new Error(`A line is longer than ${MAX_LINE / 1_048_576} MiB.`)
      },
    },
    MAX_LINE,
  )
  for await (const chunk of chunks) {
    splitter.push(chunk)
    yield Buffer.concat(ready)
    ready = []
  }
  splitter.end()
  yield Buffer.concat(ready)
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}
