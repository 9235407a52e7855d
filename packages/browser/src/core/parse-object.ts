/** The members of a JSON object's text; none where it is something else, or nothing. */
export function parseObject(text: string | undefined): Record<string, unknown> {
  try {
    return Object(JSON.parse(text as string))
  } catch {
    return {}
  }
}
