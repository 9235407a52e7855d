const LF = 0x0a

export interface LineSplitter {
  /** Takes the next bytes. They may be overwritten afterwards. */
  push(chunk: Uint8Array): void
  /** Says that there are no more: the last line may lack its LF. */
  end(): void
}

export interface LineHandler {
  /** One line without its LF, as a view that holds until this returns. `isEnded`: whether there was an LF. */
  line(bytes: Uint8Array, isEnded: boolean): void
  /** In the place of a line that is longer than `maxBytes`. */
  tooLong(): void
}

/** Cuts bytes into lines. What it holds is the beginning of one line, `maxBytes` at most. */
export function createLineSplitter({ line, tooLong }: LineHandler, maxBytes: number): LineSplitter {
  let held: Uint8Array[] = []
  let size = 0
  let isTooLong = false

  function finish(rest: Uint8Array, isEnded: boolean): void {
    if (isTooLong || size + rest.length > maxBytes) tooLong()
    else if (size === 0) line(rest, isEnded)
    else line(concat([...held, rest], size + rest.length), isEnded)
    held = []
    size = 0
    isTooLong = false
  }

  return {
    push(chunk) {
      let from = 0
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
        finish(chunk.subarray(from, end), true)
        from = end + 1
      }
      if (from === chunk.length || isTooLong) return
      held.push(new Uint8Array(chunk.subarray(from)))
      size += chunk.length - from
      if (size <= maxBytes) return
      isTooLong = true
      held = []
      size = 0
    },
    end() {
      if (size > 0 || isTooLong) finish(new Uint8Array(), false)
    },
  }
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
