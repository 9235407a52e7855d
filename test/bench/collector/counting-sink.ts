import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { type Pool, readStream } from './make-batches.ts'
import { createMessageReader, readHeader } from './read-messages.ts'

/** What came of a pool's batches. */
interface Arrived {
  /** Events that were sent and did not arrive, or arrived less often than they were answered for. */
  missing: number
  /** Events that arrived more often than that. */
  repeated: number
  /** Batches whose `webhook-id` has the digest of the client's lines in it. */
  digested: number
}

/** An HTTP server that counts the seqs that it gets, by stream. */
export interface CountingSink {
  url: string
  /** From now on counts the events of these batches, and no others. */
  expect(pool: Pool): void
  /** @param answered how often each batch was answered for, in the pool's order */
  arrived(answered: Uint32Array): Arrived
  close(): Promise<void>
}

const LF = 0x0a
/** Where the id of the stream is in a line, and its seq. */
const STREAM_AT = '{"streamId":"'.length
const SEQ_AT = STREAM_AT + 36 + '","seq":'.length

export async function startCountingSink(): Promise<CountingSink> {
  let pool: Pool | undefined
  let counts = new Uint32Array()
  let digested = new Uint8Array()
  /** Inflated when nobody is waiting for it. */
  let compressed: Buffer[] = []

  function countLines(body: Buffer): void {
    if (!pool) return
    const { firstStream, events, batches } = pool
    // A batch that was forwarded as it was has its header before its lines.
    let from = body.indexOf('{"streamId"')
    while (from >= 0 && from < body.length) {
      const stream = readStream(body, from + STREAM_AT) - firstStream
      let [seq, digit] = [0, 0]
      for (let at = from + SEQ_AT; ; at++) {
        digit = (body[at] as number) - 0x30
        if (!(digit >= 0 && digit <= 9)) break
        seq = seq * 10 + digit
      }
      if (stream >= 0 && stream < batches.length && seq >= 1 && seq <= events) {
        const at = stream * events + seq - 1
        counts[at] = (counts[at] as number) + 1
      }
      const end = body.indexOf(LF, from)
      from = end < 0 ? -1 : end + 1
    }
  }

  /** The beginning of the digest stands behind the batch id: `<streamId>:<first>-<last>~<16 hex digits>`. */
  function checkDigest(id: string): void {
    if (!pool) return
    const stream = readStream(Buffer.from(id, 'latin1'), 0) - pool.firstStream
    const [, digest = ''] = id.split('~')
    if (digest.length >= 16 && pool.batches[stream]?.digest.startsWith(digest)) digested[stream] = 1
  }

  const server = createServer((socket: Socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    const read = createMessageReader((head, body) => {
      const id = readHeader(head, 'webhook-id')
      if (id !== undefined) checkDigest(id)
      if (body[0] === 0x1f) compressed.push(Buffer.from(body))
      else countLines(body)
      socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    })
    socket.on('data', read)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    expect(next) {
      pool = next
      counts = new Uint32Array(next.batches.length * next.events)
      digested = new Uint8Array(next.batches.length)
      compressed = []
    },
    arrived(answered) {
      for (const body of compressed) countLines(gunzipSync(body))
      compressed = []
      const { events = 1 } = pool ?? {}
      const total: Arrived = { missing: 0, repeated: 0, digested: digested.reduce((sum, each) => sum + each, 0) }
      for (const [at, count] of counts.entries()) {
        const sent = answered[Math.floor(at / events)] ?? 0
        total.missing += Math.max(0, sent - count)
        total.repeated += Math.max(0, count - sent)
      }
      return total
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.unref()
        resolve()
      }),
  }
}
