import type * as Crypto from 'node:crypto'
import type * as Zlib from 'node:zlib'
import { fail, ok, type Result } from '@waybill/protocol'
import type { Bytes } from '../core/bytes.ts'
import { followsEmptyMember, sizeIn } from '../core/inflate.ts'
import type { Platform } from '../core/platform.ts'
import { webPlatform } from '../web-platform.ts'

/**
 * Node's own functions, where they are: in Node, whose WebCrypto and web streams hand each piece of work to another thread
 * and wait for it, and in workerd from the compatibility date 2026-08-04 on
 * (https://developers.cloudflare.com/changelog/post/2026-08-04-nodejs-compat-default/), whose streams hand over a batch of 100
 * events in 20 pieces and more.
 */
export function findNodePlatform(): Platform | undefined {
  const { getBuiltinModule } = globalThis.process ?? {}
  // Asked for in this way, nothing of Node is in what is bundled for others. Node has it from 20.16 and 22.3 on.
  const crypto = getBuiltinModule?.('node:crypto')
  const zlib = getBuiltinModule?.('node:zlib')
  return crypto && zlib && nodePlatform(crypto, zlib)
}

const nodePlatform = ({ createHash }: typeof Crypto, { gunzipSync }: typeof Zlib): Platform => ({
  ...webPlatform,
  sha256: async (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  async inflate(gzipped, max) {
    const inflated = inflateAtOnce(gzipped, max, gunzipSync)
    // What is too much or broken is rare, and the stream's to judge: it stops where it finds it.
    return inflated.ok ? ok({ bytes: inflated.value, whole: true }) : webPlatform.inflate(gzipped, max)
  },
})

/** Head and end of a gzip file, in bytes (RFC 1952, 2.3). */
const LEAST = 18

/** A piece that is filled to its end is followed by another one; 64 bytes are Node's least. */
const SPARE = 64

function inflateAtOnce(gzipped: Bytes, max: number, gunzipSync: typeof Zlib.gunzipSync): Result<Bytes, undefined> {
  if (gzipped.length < LEAST || followsEmptyMember(gzipped)) return fail(undefined)
  // In one piece, where the size that the file states is true: else in several, which are joined.
  const chunkSize = Math.min(sizeIn(gzipped), max) + SPARE
  try {
    // The types leave out what `info` makes of the result.
    const { buffer, engine } = gunzipSync(gzipped, { maxOutputLength: max, chunkSize, info: true }) as unknown as {
      buffer: Buffer<ArrayBuffer>
      engine: { bytesWritten: number }
    }
    // Node leaves out what follows the end of a file, and inflates members before the last.
    const isWhole = engine.bytesWritten === gzipped.length && buffer.length === sizeIn(gzipped)
    return isWhole ? ok(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)) : fail(undefined)
  } catch {
    return fail(undefined)
  }
}
