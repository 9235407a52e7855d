/** A frame of a stack in V8's form, neither Node's own nor of whoever waits for it. */
const FRAME = /^ +at (?!async )(?!.*\bnode:).*?([^/\\(\s]+:\d+:\d+)\)?$/

/** Where it was thrown, `collector.config.ts:12:20`, so far as its stack says so. */
export function placeOf(error: unknown): string | undefined {
  const { stack = '' } = Object(error) as { stack?: string }
  for (const line of stack.split('\n')) {
    const [, place] = FRAME.exec(line) ?? []
    if (place !== undefined) return place
  }
}
