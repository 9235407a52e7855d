import { fail, ok, type Result } from '@waybill/protocol'
import { type Bytes, concat } from './bytes.ts'

/** The beginning of a stream. `whole` is false when there was more than was asked for. */
export interface Beginning {
  bytes: Bytes
  whole: boolean
}

/** Reads at most `max` bytes and cancels the rest, so that no sender decides how much memory it gets. */
export async function readUpTo(
  stream: ReadableStream<Uint8Array>,
  max: number,
): Promise<Result<Beginning, 'broken_off'>> {
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let room = max
  for (;;) {
    const read = await reader.read().catch(() => undefined)
    if (!read) return fail('broken_off')
    const { done, value } = read
    if (done) return ok({ bytes: concat(parts), whole: true })
    parts.push(value.subarray(0, room))
    if (value.length > room) {
      // Whether the sender hears of it is its own affair.
      reader.cancel().catch(() => {})
      return ok({ bytes: concat(parts), whole: false })
    }
    room -= value.length
  }
}

/** What a body is read from. */
export type Sent = Pick<Request, 'headers' | 'body' | 'arrayBuffer'>

/**
 * The body of a request, at most `max` bytes of it. One that states a length within that is read without a stream, which is
 * dear in Node: servers hold a request to the length that it states (RFC 9112, section 6.3).
 */
export async function readRequest(request: Sent, max: number): Promise<Result<Beginning, 'broken_off'>> {
  const stated = request.headers.get('Content-Length')
  if (stated === null || !(Number(stated) <= max)) {
    return request.body ? readUpTo(request.body, max) : ok({ bytes: new Uint8Array(), whole: true })
  }
  const buffer = await request.arrayBuffer().catch(() => undefined)
  if (!buffer) return fail('broken_off')
  return ok({ bytes: new Uint8Array(buffer).subarray(0, max), whole: buffer.byteLength <= max })
}
