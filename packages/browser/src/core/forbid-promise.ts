/** Throws where an app's function that must answer at once has promised to. */
export function forbidPromise(answer: unknown): void {
  if (typeof Object(answer).then !== 'function') return
  Promise.resolve(answer).catch(() => {}) // Nobody else hears of its end.
  throw new TypeError('a promise; a value is needed')
}
