/**
 * Where bytes are kept that are too many for memory. Gives back what was appended, in order, in blocks that end where an
 * append ended, each of which holds until the next is asked for. May be read again and again.
 */
export interface Spool {
  append(bytes: Uint8Array): void
  read(): Iterable<Uint8Array>
}

/** Where a line lies. Lines count from 1. */
interface Place {
  file: number
  line: number
}

/** Lines of a stream that follow each other in a file and in the stream, or one tombstone. */
export interface Run extends Place {
  stream: number
  kind: 'event' | 'shed' | 'rejected'
  first: number
  /** The last seq that it stands for. */
  last: number
  /** By how much the line grows with the seq: 0 in a JSON array, which is one line. */
  step: 0 | 1
  /** The range of the batch that it came in; 0 and 0 when it is not known. */
  batchFirst: number
  batchLast: number
}

/** Looks up what was written for one of a run's seqs: 64 bits of a digest as two halves. */
export type DigestOf = (seq: number) => { high: number; low: number }

export interface DigestLog {
  /** Appends one line; `digest` is 8 characters of one byte each. */
  append(run: Run, digest: string): void
  /** Every run in the order of the lines. What is handed out holds until the next one. */
  read(): Iterable<{ run: Run; digestOf: DigestOf }>
}

const HEADER = 8 * 8
const DIGEST = 8
const MOST = 2_048
const KINDS = ['event', 'shed', 'rejected'] as const

/**
 * Remembers the digest of every line, in 8 bytes for an event and 64 for a run of them: forks are found by comparing what
 * came twice, and which lines will come twice is only known at the end.
 */
export function createDigestLog(spool: Spool): DigestLog {
  const bytes = new Uint8Array(HEADER + MOST * DIGEST)
  const view = new DataView(bytes.buffer)
  let open: Run | undefined
  let count = 0

  function continues(run: Run): boolean {
    return (
      open !== undefined &&
      count < MOST &&
      run.kind === 'event' &&
      open.kind === 'event' &&
      run.stream === open.stream &&
      run.first === open.last + 1 &&
      run.batchFirst === open.batchFirst &&
      run.batchLast === open.batchLast &&
      run.file === open.file &&
      run.step === open.step &&
      run.line === open.line + count * open.step
    )
  }

  function close(): void {
    if (!open) return
    const { stream, kind, first, last, file, line, step, batchFirst, batchLast } = open
    const numbers = [stream, KINDS.indexOf(kind) * 2 + step, first, last, file, line, batchFirst, batchLast]
    for (const [index, number] of numbers.entries()) view.setFloat64(index * 8, number)
    spool.append(bytes.subarray(0, HEADER + count * DIGEST))
    open = undefined
  }

  return {
    append(run, digest) {
      if (open && continues(run)) open.last = run.last
      else {
        close()
        open = run
        count = 0
      }
      const at = HEADER + count * DIGEST
      for (let index = 0; index < DIGEST; index++) bytes[at + index] = digest.charCodeAt(index)
      count++
    },
    *read() {
      close()
      for (const block of spool.read()) {
        const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
        for (let at = 0; at < block.length; ) {
          const number = (index: number) => view.getFloat64(at + index * 8)
          const code = number(1)
          const run: Run = {
            stream: number(0),
            kind: KINDS[code >> 1] as Run['kind'],
            step: (code & 1) as Run['step'],
            first: number(2),
            last: number(3),
            file: number(4),
            line: number(5),
            batchFirst: number(6),
            batchLast: number(7),
          }
          const digests = at + HEADER
          const isEvent = run.kind === 'event'
          yield {
            run,
            digestOf(seq) {
              const from = digests + (isEvent ? (seq - run.first) * DIGEST : 0)
              return { high: view.getUint32(from), low: view.getUint32(from + 4) }
            },
          }
          at = digests + (isEvent ? run.last - run.first + 1 : 1) * DIGEST
        }
      }
    },
  }
}
