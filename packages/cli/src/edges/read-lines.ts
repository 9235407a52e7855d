import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { Remark } from '../core/report.ts'
import { createLineSplitter } from '../core/split-lines.ts'
import { toUnreadable } from './list-files.ts'

/** Who is told of what is read. */
export interface Reader {
  /** One line of text, without its end. `number` counts from 1. */
  line(text: string, number: number): void
  remark(remark: Remark): void
  /** So many more bytes were read, before inflation. */
  bytes(count: number): void
}

/** More than any line that a collector writes, a whole batch as one JSON array included. */
export const MAX_LINE = 16_777_216
const CHUNK = 262_144
const CR = 0x0d
const BOM = [0xef, 0xbb, 0xbf]

/**
 * Reads a file, or standard input as `-`, line by line, inflating it if it begins as gzip does. What can't be read is a
 * remark with the line, and whatever can be read around it is read. Rejects only with what the reader throws.
 */
export async function readLines(path: string, stdin: AsyncIterable<Buffer>, reader: Reader): Promise<void> {
  let number = 0
  let hasCr = false
  const remark = (kind: Remark['kind'], detail: string) => reader.remark({ kind, file: path, line: number, detail })

  const splitter = createLineSplitter(
    {
      line(bytes, isEnded) {
        number++
        let [from, to] = [0, bytes.length]
        if (number === 1 && BOM.every((byte, index) => bytes[index] === byte)) {
          from = BOM.length
          remark('bom', 'The file begins with a byte order mark, which no collector writes.')
        }
        if (bytes[to - 1] === CR) {
          to--
          if (!hasCr)
            remark('crlf', 'Lines end with CR LF, from here on or now and then: something has rewritten them.')
          hasCr = true
        }
        const own = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
        if (!isUtf8(own)) return remark('not_utf8', 'It is not UTF-8.')
        const text = toText(own)
        if (!isEnded && !isJson(text)) return remark('cut_off', 'The file ends in the middle of this line.')
        reader.line(text, number)
      },
      tooLong() {
        number++
        remark('too_long', `It is longer than ${MAX_LINE / 1_048_576} MiB.`)
      },
    },
    MAX_LINE,
  )

  let thrown: { error: unknown } | undefined
  const push = (chunk: Buffer) => {
    try {
      splitter.push(chunk)
    } catch (error) {
      thrown = { error }
      throw error
    }
  }

  try {
    const input = countBytes(path === '-' ? stdin : createReadStream(path, { highWaterMark: CHUNK }), reader)
    const { isGzip, chunks } = await peek(input)
    if (!isGzip) for await (const chunk of chunks) push(chunk)
    else await inflate(chunks, push)
  } catch (error) {
    if (thrown) throw thrown.error
    splitter.end()
    const at = number > 0 ? { line: number } : {}
    if (!isZlibError(error)) return reader.remark({ ...toUnreadable(path, error), ...at })
    const detail = `The gzip data ends or breaks after this line: ${error.message}.`
    return reader.remark({ kind: 'gzip_broken', file: path, ...at, detail })
  }
  splitter.end()
}

async function* countBytes(input: AsyncIterable<Buffer>, reader: Pick<Reader, 'bytes'>): AsyncGenerator<Buffer> {
  for await (const chunk of input) {
    reader.bytes(chunk.length)
    yield chunk
  }
}

/** Whether a stream begins as gzip does, and all of it. */
async function peek(input: AsyncGenerator<Buffer>): Promise<{ isGzip: boolean; chunks: AsyncGenerator<Buffer> }> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < 2) {
    const { value, done } = await input.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  async function* all() {
    yield head
    yield* input
  }
  return { isGzip: head[0] === 0x1f && head[1] === 0x8b, chunks: all() }
}

/** Rejects where the data ends or breaks, after what came before was handed on, but for 16 KiB at most where it breaks. */
async function inflate(chunks: AsyncIterable<Buffer>, take: (chunk: Buffer) => void): Promise<void> {
  const gunzip = createGunzip()
  // A listener is called as soon as there is something: behind a pipe, the last of it would be thrown away on an error.
  gunzip.on('data', (chunk) => {
    try {
      take(chunk)
    } catch (error) {
      gunzip.destroy(error as Error)
    }
  })
  const ended = once(gunzip, 'end')
  // Awaited below; until then a failure is not nobody's.
  ended.catch(() => {})
  for await (const chunk of chunks) {
    if (gunzip.destroyed) break
    if (!gunzip.write(chunk)) await Promise.race([once(gunzip, 'drain'), ended])
  }
  gunzip.end()
  await ended
}

const toText = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('utf8')

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return text.trim() === ''
  }
}

const isZlibError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
