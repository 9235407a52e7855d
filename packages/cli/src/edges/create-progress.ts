/** Says from time to time how far it has come. */
export interface Progress {
  /** To be called often; says something once a second at most. */
  update(progress: { bytes: number; lines: number }): void
  /** Takes away what stands on the last line of a terminal. */
  end(): void
}

export interface ProgressOptions {
  stream: { write(text: string): unknown; isTTY?: boolean | undefined }
  /** How many bytes there are in all; undefined where it can't be known. */
  total: number | undefined
  /** The clock, in ms. Default `performance.now`. */
  now?: () => number
}

const EVERY = 1_000

/** Writes on one line of a terminal again and again, and elsewhere a line each time. */
export function createProgress({ stream, total, now = () => performance.now() }: ProgressOptions): Progress {
  const began = now()
  let latest = began
  let isWritten = false
  return {
    update({ bytes, lines }) {
      const at = now()
      if (at - latest < EVERY) return
      latest = at
      const of = total ? ` of ${megabytes(total)} (${Math.floor((100 * bytes) / total)} %)` : ''
      const rate = Math.round((lines / (at - began)) * 1_000).toLocaleString('en')
      const text = `read ${megabytes(bytes)}${of}, ${lines.toLocaleString('en')} lines, ${rate}/s`
      stream.write(stream.isTTY ? `\r\x1b[K${text}` : `${text}\n`)
      isWritten = true
    },
    end() {
      if (isWritten && stream.isTTY) stream.write('\r\x1b[K')
    },
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`
