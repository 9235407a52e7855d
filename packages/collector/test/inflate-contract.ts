import { describe, expect, test } from 'vitest'
import { type Bytes, concat } from '../src/core/bytes.ts'
import type { Platform } from '../src/core/platform.ts'
import { crc32, littleEndian, toBytes, toGzip } from './fuzz/gzip-file.ts'
import { bombOf, gzip } from './gzip.ts'

const NONE = { ok: false, fault: 'invalid_encoding' }

/** Bytes that hardly compress, the same each time. */
function noiseOf(length: number): Bytes {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

function spoilt(gzipped: Bytes, at: number): Bytes {
  const copy = gzipped.slice()
  copy.fill(0xff, at, at + 64)
  return copy
}

/** What every inflater of a collector keeps to, so that no two of them tell a client different things. */
export function inflateContract(name: string, inflate: Platform['inflate']): void {
  describe(`${name} keeps the contract of inflaters`, () => {
    test('what inflates to just as much as is allowed is whole', async () => {
      const gzipped = await gzip('0123456789')
      const bytes = new TextEncoder().encode('0123456789')
      expect(await inflate(gzipped, 10)).toEqual({ ok: true, value: { bytes, whole: true } })
      expect(await inflate(gzipped, 9)).toEqual({ ok: true, value: { bytes: bytes.slice(0, 9), whole: false } })
    })

    test('nothing, compressed, is nothing', async () => {
      expect(await inflate(await gzip(''), 10)).toEqual({ ok: true, value: { bytes: new Uint8Array(), whole: true } })
    })

    test('of a bomb, so much is had as is allowed', async () => {
      const inflated = await inflate(await bombOf(16), 524_288)
      expect(inflated).toMatchObject({ ok: true, value: { whole: false } })
      expect(inflated.ok && inflated.value.bytes.length).toBe(524_288)
    })

    test('bytes that hardly compress come out as they were, whole and cut off', async () => {
      const noise = noiseOf(100_000)
      const gzipped = await gzip(noise)
      expect(await inflate(gzipped, 100_000)).toEqual({ ok: true, value: { bytes: noise, whole: true } })
      const beginning = { ok: true, value: { bytes: noise.slice(0, 70_001), whole: false } }
      expect(await inflate(gzipped, 70_001)).toEqual(beginning)
    })

    test('two gzip files in a row are not one', async () => {
      const two = concat([await gzip('{"v":1}\n'), await gzip('{}\n')])
      expect(await inflate(two, 1_000)).toEqual(NONE)
    })

    test('nor is one behind empty ones, which some inflaters pass over', async () => {
      const [empty, batch] = [await gzip(''), await gzip('{"v":1}\n')]
      expect(await inflate(concat([empty, batch]), 1_000)).toEqual(NONE)
      expect(await inflate(concat([empty, empty, batch]), 1_000)).toEqual(NONE)
      expect(await inflate(concat([empty, empty]), 1_000)).toEqual(NONE)
      expect(await inflate(concat([batch, empty]), 1_000)).toEqual(NONE)
    })

    test('a name, a comment and extra bytes in its head are passed over, and must be whole', async () => {
      const gzipped = await gzip('0123456789')
      const flagged = (flags: number, head: string) =>
        concat([gzipped.slice(0, 3), Uint8Array.of(flags), gzipped.slice(4, 10), new TextEncoder().encode(head)])
      const whole = { ok: true, value: { bytes: new TextEncoder().encode('0123456789'), whole: true } }
      const rest = gzipped.slice(10)
      expect(await inflate(concat([flagged(0x1c, '\x03\0abc../a\0b\0'), rest]), 10)).toEqual(whole)
      expect(await inflate(concat([flagged(0x08, 'endless'), rest.map((byte) => byte || 1)]), 10)).toEqual(NONE)
      expect(await inflate(concat([flagged(0x04, '\x7f\x7f'), rest]), 10)).toEqual(NONE)
      expect(await inflate(concat([flagged(0x20, ''), rest]), 10)).toEqual(NONE)
    })

    test.each([0, 1, 3, 4, 17])('%i bytes of a gzip file are none', async (length) => {
      const gzipped = await gzip('{}')
      expect(await inflate(gzipped.slice(0, length), 1_000)).toEqual(NONE)
    })

    test('a gzip file that breaks off is none, however late', async () => {
      const gzipped = await gzip(noiseOf(100_000))
      expect(await inflate(gzipped.slice(0, 60_000), 200_000)).toEqual(NONE)
      expect(await inflate(gzipped.slice(0, -1), 200_000)).toEqual(NONE)
    })

    test('a gzip file that breaks off after as much as is asked for is enough', async () => {
      const noise = noiseOf(100_000)
      const beginning = await inflate((await gzip(noise)).slice(0, 90_000), 4_097)
      expect(beginning).toEqual({ ok: true, value: { bytes: noise.slice(0, 4_097), whole: false } })
    })

    test('spoilt bytes make it none, in the head, in the middle and in the sum at the end', async () => {
      const gzipped = await gzip('0123456789'.repeat(10_000))
      for (const at of [0, Math.floor(gzipped.length / 2), gzipped.length - 6]) {
        expect(await inflate(spoilt(gzipped, at), 200_000)).toEqual(NONE)
      }
    })

    test('spoilt bytes far behind what is asked for are not seen', async () => {
      const inflated = await inflate(spoilt(await gzip(noiseOf(400_000)), 399_990), 4_096)
      expect(inflated).toMatchObject({ ok: true, value: { whole: false } })
    })

    test('bytes that break off or are spoilt soon behind what is asked for are not seen, nor is what follows', async () => {
      const noise = noiseOf(2_000)
      const gzipped = await gzip(noise)
      const beginning = { ok: true, value: { bytes: noise.slice(0, 600), whole: false } }
      expect(await inflate(gzipped.slice(0, 1_500), 600)).toEqual(beginning)
      expect(await inflate(spoilt(gzipped, gzipped.length - 6), 600)).toEqual(beginning)
      expect(await inflate(concat([gzipped, new TextEncoder().encode('trailing')]), 600)).toEqual(beginning)
    })

    test.each(['x', 'trailing', '\0\0\0\0'])('a gzip file with %j after its end is none', async (garbage) => {
      expect(await inflate(concat([await gzip('{}'), new TextEncoder().encode(garbage)]), 1_000)).toEqual(NONE)
    })

    test.each([0, 7])('nor is it one when what follows, a %i first, ends with the right size', async (byte) => {
      expect(await inflate(concat([await gzip('{}'), new Uint8Array([byte, 2, 0, 0, 0])]), 1_000)).toEqual(NONE)
    })

    test('nor when it ends with the right sum and size, of one file or of two', async () => {
      const [one, two] = [await gzip('{"v":1}\n'), await gzip('{}\n')]
      const both = new TextEncoder().encode('{"v":1}\n{}\n')
      expect(await inflate(concat([one, new Uint8Array(1), one.slice(-8)]), 1_000)).toEqual(NONE)
      const ofBoth = littleEndian(crc32(both), both.length)
      expect(await inflate(concat([one, two, new Uint8Array(1), ofBoth]), 1_000)).toEqual(NONE)
    })

    test('a gzip file with another one in it is whole', async () => {
      const plain = await gzip('0123456789')
      expect(await inflate(toBytes(toGzip(plain, true)), 1_000)).toEqual({
        ok: true,
        value: { bytes: plain, whole: true },
      })
    })

    test('so is one with its own end in its head as well', async () => {
      const plain = noiseOf(1_000)
      const { head, deflate, trailer } = toGzip(plain, false)
      const flagged = concat([head.slice(0, 3), Uint8Array.of(4), head.slice(4)])
      const optional = concat([Uint8Array.of(trailer.length, 0), trailer])
      expect(await inflate(toBytes({ head: flagged, optional, deflate, trailer }), 1_000)).toEqual({
        ok: true,
        value: { bytes: plain, whole: true },
      })
    })
  })
}
