import type { Bytes } from '../src/core/bytes.ts'

export async function gzip(body: string | Uint8Array<ArrayBuffer>): Promise<Bytes> {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** So many zero bytes, compressed: about a thousandth of them. */
export async function bombOf(megabytes: number): Promise<Bytes> {
  const zeros = new Uint8Array(1_048_576)
  let left = megabytes
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(zeros)
      else controller.close()
    },
  })
  return new Uint8Array(await new Response(stream.pipeThrough(new CompressionStream('gzip'))).arrayBuffer())
}
