import { constants, gunzipSync, type ZlibOptions } from 'node:zlib'
import { fail, ok } from '@waybill/protocol'
import type { Bytes } from '../../packages/collector/src/core/bytes.ts'
import { followsEmptyMember, SLICE, sizeIn } from '../../packages/collector/src/core/inflate.ts'
import type { Platform } from '../../packages/collector/src/core/platform.ts'

/** As the collector's own, without a stream. What is too much or broken is found where the stream finds it. */
export const inflateAtOnce: Platform['inflate'] = async (gzipped, max) => {
  if (followsEmptyMember(gzipped)) return fail('invalid_encoding')
  try {
    const { bytes, read } = gunzip(gzipped, { maxOutputLength: max })
    // Node leaves out zeros that follow the end of a file.
    const ends = read === gzipped.length && bytes.length === sizeIn(gzipped)
    return ends ? ok({ bytes, whole: true }) : fail('invalid_encoding')
  } catch {
    const bytes = beginningOf(gzipped, max)
    return bytes ? ok({ bytes, whole: false }) : fail('invalid_encoding')
  }
}

/** More than a byte of deflate can grow to: a bit for each copy of 258 bytes. */
const GROWTH = 8 * 258

/**
 * The first `max` bytes of what inflates to more, unless it breaks before. Node throws them away with the rest when
 * there is too much, so it is asked again for just enough of the input: to the slice, as the stream is fed, and then to
 * the byte.
 */
function beginningOf(gzipped: Bytes, max: number): Bytes | undefined {
  const inflateFirst = (length: number, most = max): Bytes | 'too much' | 'invalid' => {
    try {
      const options = { maxOutputLength: most, finishFlush: constants.Z_SYNC_FLUSH }
      return gunzip(gzipped.subarray(0, length), options).bytes
    } catch (error) {
      return isTooMuch(error) ? 'too much' : 'invalid'
    }
  }
  /** The fewest steps from `none` that do not go well any more, of at most `all`. */
  const firstBad = (step: number, none: number, all: number): number => {
    let [good, bad] = [none, all]
    while (bad - good > step) {
      const middle = good + step * Math.floor((bad - good) / step / 2)
      if (typeof inflateFirst(middle) === 'string') bad = middle
      else good = middle
    }
    return bad
  }
  const slice = firstBad(SLICE, 0, Math.ceil(gzipped.length / SLICE) * SLICE)
  if (inflateFirst(slice) !== 'too much') return
  const bytes = inflateFirst(firstBad(1, slice - SLICE, slice), max + GROWTH)
  return typeof bytes === 'string' ? undefined : bytes.slice(0, max)
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
