/** A cause may have a cause, or be its own. */
const MOST_CAUSES = 3

/** Of Node's `fetch` and `Headers`. */
const QUOTED_HEADER = /".*" is an invalid header value/s

/**
 * What went wrong, in one line, of whatever was thrown; with its causes, as `fetch` in Node says nothing but "fetch failed".
 * What an error quotes of a header, or of what could not be parsed, is left out: it may be a secret, or an event. May hold
 * addresses with secrets: redact it where it goes to a log.
 */
export function describeError(error: unknown): string {
  return error instanceof Error ? describe(error, MOST_CAUSES) : String(error)
}

function describe({ name, message, cause }: Error, left: number): string {
  const said = name === 'SyntaxError' ? 'what was to be read, as JSON for instance, is malformed' : message
  const own = said === '' ? name : `${name}: ${said.replace(QUOTED_HEADER, 'a header value is invalid')}`
  const why = left > 0 ? describeCause(cause, left - 1) : ''
  // Many a wrapper says itself what its cause says.
  return own.includes(why) ? own : `${own} (${why})`
}

/** The code as well, where the text does not have it: Node's error for several addresses that all refuse has no message. */
function describeCause(cause: unknown, left: number): string {
  const text = cause instanceof Error ? describe(cause, left) : typeof cause === 'string' ? cause : ''
  const { code } = Object(cause) as { code?: unknown }
  return typeof code === 'string' && !text.includes(code) ? [code, ...(text === '' ? [] : [text])].join(', ') : text
}
