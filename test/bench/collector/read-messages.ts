/**
 * Takes what a connection brings and hands over each HTTP/1.1 message: no more of the protocol than these servers speak, at a
 * fraction of what Node's own parser costs, which would be the limit of what can be measured.
 */
export function createMessageReader(onMessage: (head: string, body: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let held = 0
  /** Before so many bytes are there is no need to look. */
  let wanted = 0

  return function read(chunk) {
    parts.push(chunk)
    held += chunk.length
    if (held < wanted) return
    let bytes = parts.length === 1 ? chunk : Buffer.concat(parts, held)
    for (;;) {
      const length = findEnd(bytes)
      if (length === undefined || length > bytes.length) {
        wanted = length ?? 0
        break
      }
      const headEnd = bytes.indexOf('\r\n\r\n') + 4
      onMessage(bytes.toString('latin1', 0, headEnd), bytes.subarray(headEnd, length))
      bytes = bytes.subarray(length)
    }
    parts = bytes.length > 0 ? [bytes] : []
    held = bytes.length
  }
}

/** Where the first message ends, as far as can be told. */
function findEnd(bytes: Buffer): number | undefined {
  const blank = bytes.indexOf('\r\n\r\n')
  if (blank < 0) return undefined
  const from = blank + 4
  const head = bytes.toString('latin1', 0, from)
  const length = readHeader(head, 'content-length')
  if (length !== undefined) return from + Number(length)
  if (readHeader(head, 'transfer-encoding') === undefined) return from
  const last = bytes.indexOf('0\r\n\r\n', from)
  return last < 0 ? undefined : last + 5
}

/** @param name in lower case */
export function readHeader(head: string, name: string): string | undefined {
  const lower = head.toLowerCase()
  const at = lower.indexOf(`\r\n${name}:`)
  if (at < 0) return undefined
  const from = at + name.length + 3
  return head.slice(from, head.indexOf('\r\n', from)).trim()
}
