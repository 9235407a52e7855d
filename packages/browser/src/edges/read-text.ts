/**
 * The longest answer has a line of some 350 bytes for each of 500 rejected events; whoever sends six times as much is no
 * collector, and would fill the page's memory.
 */
const ANSWER_BYTES = 1_048_576

/** An answer's body. Rejects one that is too long; the caller ends the request then. */
export async function readText({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let left = ANSWER_BYTES
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (!value) return text
    left -= value.length
    if (left < 0) throw new Error('the answer is too long')
    text += decoder.decode(value, { stream: true })
  }
}
