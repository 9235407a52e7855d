/** What went wrong, in one line, of whatever was thrown; with the code of its cause, which is all that `fetch` says in Node. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = (error.cause ?? {}) as { code?: unknown }
  return `${error.name}: ${error.message}${typeof code === 'string' ? ` (${code})` : ''}`
}
