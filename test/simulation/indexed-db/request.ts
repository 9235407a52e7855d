import type { Target } from './fire.ts'

/** What a page holds of something it has asked for. */
export interface Request extends Target {
  readyState: 'pending' | 'done'
  result: unknown
  error: DOMException | null
  transaction: unknown
}

export const createRequest = (transaction: unknown = null): Request => ({
  readyState: 'pending',
  result: undefined,
  error: null,
  transaction,
  onsuccess: null,
  onerror: null,
})
