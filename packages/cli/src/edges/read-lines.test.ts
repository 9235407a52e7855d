import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Remark } from '../core/report.ts'
import { readLines } from './read-lines.ts'

/** What is read of bytes that come on standard input in pieces of so many. */
async function read(bytes: Buffer, piece = bytes.length) {
  async function* stdin() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
  }
  const lines: [text: string, number: number][] = []
  const remarks: [kind: Remark['kind'], line: number | undefined][] = []
  let count = 0
  await readLines('-', stdin(), {
    line: (text, number) => lines.push([text, number]),
    remark: ({ kind, line }) => remarks.push([kind, line]),
    bytes(more) {
      count += more
    },
  })
  expect(count).toBe(bytes.length)
  return { lines, remarks }
}

const two = {
  lines: [
    ['{"a":"é"}', 1],
    ['{"b":2}', 2],
  ],
  remarks: [],
}

test.each([1, 2, 3, 100])('lines are the same in pieces of %i bytes, plain and as gzip', async (piece) => {
  for (const text of ['{"a":"é"}\n{"b":2}\n', '{"a":"é"}\n{"b":2}']) {
    expect(await read(Buffer.from(text), piece)).toEqual(two)
    expect(await read(gzipSync(text), piece)).toEqual(two)
  }
})

test.each([0, 1])('so few bytes as %i are no gzip', async (length) => {
  expect(await read(gzipSync('').subarray(0, length), 1)).toEqual({
    lines: [],
    remarks: length ? [['cut_off', 1]] : [],
  })
})

test('CR LF is taken off each line and named once', async () => {
  const text = '{"a":"é"}\n{"b":2}\r\n{"c":3}\r\n{"d":4}\n{"e":5}\r\n'
  const { lines, remarks } = await read(Buffer.from(text))
  expect(lines.map(([line]) => line)).toEqual(text.split(/\r?\n/).slice(0, -1))
  expect(remarks).toEqual([['crlf', 2]])
})

test('a line in the middle of which gzip ends is named, too', async () => {
  const whole = gzipSync('{"a":"é"}\n{"b":2}')
  // Without its trailer, and with a line that only began: what was inflated is there all the same.
  expect(await read(gzipSync('{"a":"é"}\n{"b":').subarray(0, -8))).toEqual({
    lines: [['{"a":"é"}', 1]],
    remarks: [
      ['cut_off', 2],
      ['gzip_broken', 2],
    ],
  })
  expect(await read(whole.subarray(0, -8))).toEqual({ ...two, remarks: [['gzip_broken', 2]] })
})

test('what the reader throws is thrown, and is no fault of the file', async () => {
  const fault = new Error('no room')
  for (const bytes of [Buffer.from('{}\n'), gzipSync('{}\n')]) {
    async function* stdin() {
      yield bytes
    }
    const reader = {
      line() {
        throw fault
      },
      remark: (remark: Remark) => expect.unreachable(remark.detail),
      bytes() {},
    }
    await expect(readLines('-', stdin(), reader)).rejects.toBe(fault)
  }
})
