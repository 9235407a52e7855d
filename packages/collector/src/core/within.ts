import type { Platform } from './platform.ts'

/** What the work comes to. Rejects when that takes more than so many milliseconds, whatever becomes of it then. */
export async function within<Value>(
  ms: number,
  work: () => Promise<Value> | Value,
  after: Platform['after'],
): Promise<Value> {
  const begun = work()
  if (!isThenable(begun)) return begun
  let callOff = () => {}
  const late = new Promise<never>((_, reject) => {
    callOff = after(ms, () => reject(new DOMException(`after ${ms} ms`, 'TimeoutError')))
  })
  try {
    return await Promise.race([begun, late])
  } finally {
    callOff()
  }
}

/** Promises need not be the platform's own: whatever has a `then` is waited for, and may hang. */
const isThenable = <Value>(value: Promise<Value> | Value): value is Promise<Value> =>
  typeof (value as Promise<Value> | undefined)?.then === 'function'
