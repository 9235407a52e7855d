import { createHash } from 'node:crypto'
import { constants, gunzipSync, type ZlibOptions } from 'node:zlib'
import { fail, ok } from '@waybill/protocol'
import type { Bytes } from '../../packages/collector/src/core/bytes.ts'
import { sizeIn } from '../../packages/collector/src/core/inflate.ts'
import type { Platform } from '../../packages/collector/src/core/platform.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** What a collector asks of its platform, done at once or by the scheduler: nothing of it completes anywhere else. */
export function simulatedPlatform(scheduler: Scheduler, life: Life): Platform {
  return {
    sha256: async (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    inflate,
    after: (ms, run) => scheduler.after(ms, run, life),
  }
}

const inflate: Platform['inflate'] = async (gzipped, max) => {
  try {
    const { bytes, read } = gunzip(gzipped, { maxOutputLength: max })
    // Node leaves out what follows the end of a file, unless it is one more file.
    const ends = read === gzipped.length && bytes.length === sizeIn(gzipped)
    return ends ? ok({ bytes, whole: true }) : fail('invalid_encoding')
  } catch (error) {
    return isTooMuch(error) ? ok({ bytes: beginningOf(gzipped, max), whole: false }) : fail('invalid_encoding')
  }
}

/** More than a byte of deflate can grow to: a bit for each copy of 258 bytes. */
const GROWTH = 8 * 258

/** The first bytes of what inflates to more. Node throws them away with the rest, so it is asked for just enough input. */
function beginningOf(gzipped: Bytes, max: number): Bytes {
  const inflateFirst = (length: number, maxOutputLength: number) =>
    gunzip(gzipped.subarray(0, length), { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH }).bytes
  let [enough, tooLittle] = [gzipped.length, 0]
  while (enough - tooLittle > 1) {
    const middle = (enough + tooLittle) >> 1
    if (inflatesToMore(() => inflateFirst(middle, max))) enough = middle
    else tooLittle = middle
  }
  return inflateFirst(enough, max + GROWTH).slice(0, max)
}

function inflatesToMore(inflateSome: () => void): boolean {
  try {
    inflateSome()
    return false
  } catch (error) {
    if (isTooMuch(error)) return true
    throw error
  }
}

/** @returns how many bytes of the file were read as well */
function gunzip(gzipped: Bytes, options: ZlibOptions): { bytes: Bytes; read: number } {
  // The types leave out what `info` makes of the result.
  const { buffer, engine } = gunzipSync(gzipped, { ...options, info: true }) as unknown as {
    buffer: Buffer
    engine: { bytesWritten: number }
  }
  return { bytes: new Uint8Array(buffer), read: engine.bytesWritten }
}

const isTooMuch = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
