import { gzipSync } from 'node:zlib'
import { limits } from '@waybill/protocol'
import { expect } from 'vitest'
import { makeBatch, toBody } from '../harness/batch.ts'
import { test } from '../harness/fixtures.ts'
import { type PostedBatch, postBatch } from '../harness/post-batch.ts'

const { header, events } = makeBatch()
const good = toBody(header, events)

/** The batch with its second event's text replaced. */
const withSecondLine = (change: (line: string) => string) =>
  toBody(
    header,
    events.map((event, index) => (index === 1 ? change(JSON.stringify(event)) : event)),
  )

const withMember = (text: string) => withSecondLine((line) => line.replace(/}$/, `,${text}}`))

/** 0xff is in no UTF-8 text. */
const breakUtf8 = (body: string, at: string) => {
  const bytes = Buffer.from(body)
  bytes[bytes.indexOf(at)] = 0xff
  return bytes
}

type Hostile = Partial<PostedBatch> & { what: string }

const refused: (Hostile & { status: number; code: string })[] = [
  {
    what: 'a decompression bomb of 64 MiB',
    encoding: 'gzip',
    body: gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Buffer.alloc(64 * 2 ** 20, ' ')])),
    status: 413,
    code: 'batch_too_large',
  },
  {
    what: 'a body over the cap',
    body: good + ' '.repeat(limits.bodyBytes),
    status: 413,
    code: 'body_too_large',
  },
  {
    what: 'gzip that ends in the middle',
    encoding: 'gzip',
    body: gzipSync(good).subarray(0, -20),
    status: 400,
    code: 'invalid_encoding',
  },
  {
    what: 'a plain body that claims to be gzip',
    encoding: 'gzip',
    body: good,
    status: 400,
    code: 'invalid_encoding',
  },
  {
    what: 'an encoding nobody knows',
    encoding: 'rot13',
    body: good,
    status: 415,
    code: 'unsupported_encoding',
  },
  { what: 'broken UTF-8 in the header', body: breakUtf8(good, 'test/1'), status: 400, code: 'invalid_utf8' },
  { what: 'a header that is no JSON', body: `{"v":1\n${good}`, status: 400, code: 'invalid_header' },
  {
    what: 'a header that lies about its range',
    body: toBody(header, events.slice(0, -1)),
    status: 400,
    code: 'range_mismatch',
  },
  { what: 'a key that nobody issued', key: 'wk_stolen', status: 401, code: 'unknown_key' },
  { what: 'a foreign origin', origin: 'https://evil.example', status: 403, code: 'origin_not_allowed' },
]

const rejected: (Hostile & { code: string })[] = [
  {
    what: 'a `__proto__` member',
    body: withMember('"context":{"__proto__":{"admin":true}}'),
    code: 'prototype_member',
  },
  {
    what: 'a depth of 10,000',
    body: withMember(`"context":{"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
    code: 'too_deep',
  },
  {
    what: 'a member that is named twice, the first hiding a `__proto__`',
    body: withMember('"context":{"__proto__":{"admin":true}},"context":{}'),
    code: 'duplicate_member',
  },
  { what: 'broken UTF-8 in an event', body: breakUtf8(withMember('"context":{"a":"?"}'), '?'), code: 'invalid_utf8' },
  { what: 'an event that is no JSON', body: withSecondLine((line) => `${line}}`), code: 'invalid_json' },
  {
    what: "an event that claims the collector's own member",
    body: withMember('"received":{"at":"2026-01-01T00:00:00.000Z"}'),
    code: 'reserved_member',
  },
]

test.for(refused)(
  '$what is refused as $status $code, and the Worker lives on',
  async ({ what: _, status, code, ...hostile }, { collector }) => {
    const answer = await postBatch({ url: collector.url, key: collector.writeKey, body: good, ...hostile })
    expect(answer).toMatchObject({
      status,
      headers: { 'content-type': expect.stringContaining('application/problem+json') },
      body: { type: `urn:waybill:problem:${code}`, status, code },
    })
    await expectAGoodBatchIsRecorded(collector)
  },
)

test.for(rejected)(
  '$what is rejected as $code, its neighbours are recorded, and the Worker lives on',
  async ({ what: _, code, ...hostile }, { collector }) => {
    const answer = await postBatch({ url: collector.url, key: collector.writeKey, body: good, ...hostile })
    expect(answer).toMatchObject({ status: 200, body: { recorded: 2, rejected: [{ seq: 2, code }] } })
    await expectAGoodBatchIsRecorded(collector)
  },
)

async function expectAGoodBatchIsRecorded({ url, writeKey }: { url: string; writeKey: string }): Promise<void> {
  const batch = makeBatch()
  const answer = await postBatch({ url, key: writeKey, body: toBody(batch.header, batch.events) })
  expect(answer).toMatchObject({ status: 200, body: { batchId: batch.header.batchId, recorded: 3, rejected: [] } })
}
