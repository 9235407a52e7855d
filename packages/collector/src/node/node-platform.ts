import type * as NodeBuffer from 'node:buffer'
import type * as Crypto from 'node:crypto'
import type * as Zlib from 'node:zlib'
import { ok } from '@waybill/protocol'
import { sizeIn } from '../core/inflate.ts'
import type { Platform } from '../core/platform.ts'
import { webPlatform } from '../web-platform.ts'

/**
 * Node's own functions, where they are: in Node, whose WebCrypto and web streams hand each piece of work to another thread
 * and wait for it, and in workerd from the compatibility date 2026-08-04 on
 * (https://developers.cloudflare.com/changelog/post/2026-08-04-nodejs-compat-default/), whose streams hand a batch over in
 * many pieces.
 */
export function findNodePlatform(): Platform | undefined {
  const { getBuiltinModule } = globalThis.process ?? {}
  // Asked for in this way, nothing of Node is in what is bundled for others. Node has it from 20.16 and 22.3 on.
  const crypto = getBuiltinModule?.('node:crypto')
  const zlib = getBuiltinModule?.('node:zlib')
  const buffer = getBuiltinModule?.('node:buffer')
  return crypto && zlib && buffer && nodePlatform(crypto, zlib, buffer)
}

const nodePlatform = (
  { createHash }: typeof Crypto,
  { gunzipSync, crc32 }: typeof Zlib,
  { Buffer }: typeof NodeBuffer,
): Platform => ({
  ...webPlatform,
  sha256: async (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  async inflate(gzipped, max) {
    const file = Buffer.from(gzipped.buffer, gzipped.byteOffset, gzipped.length)
    // What may be several members, is too much or broken is rare, and the stream's to judge: it stops where it finds it.
    if (file.indexOf(BEGINNING, 1) > 0) return webPlatform.inflate(gzipped, max)
    try {
      // In one piece, where the size that the file states is true: else in several, which are joined.
      const chunkSize = Math.max(Math.min(sizeIn(gzipped), max) + SPARE, PIECE)
      const inflated = gunzipSync(file, { maxOutputLength: max, chunkSize })
      const end = Buffer.alloc(END)
      end.writeUInt32LE(crc32(inflated))
      end.writeUInt32LE(inflated.length, 4)
      // Node leaves out what follows the end of a file: the end is then found before.
      if (file.indexOf(end) === file.length - END) {
        return ok({ bytes: new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length), whole: true })
      }
    } catch {}
    return webPlatform.inflate(gzipped, max)
  },
})

/** What a member of a gzip file begins with: its magic and the only method (RFC 1952, 2.3.1). Chance has it inside of few. */
const BEGINNING = Uint8Array.of(0x1f, 0x8b, 8)

/** What it ends with, in bytes: the sum and the size of what is in it. */
const END = 8

/** A piece that is filled to its end is followed by another one; so many bytes keep it from that. */
const SPARE = 64

/** In bytes: a file that states too small a size is not inflated in thousands of pieces. */
const PIECE = 16_384
