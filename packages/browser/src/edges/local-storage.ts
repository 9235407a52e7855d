/** What `use` makes of `localStorage`, or nothing: it may be blocked, full, or throw as soon as it is looked at. */
export function withLocalStorage<Value>(use: (storage: Storage) => Value): Value | undefined {
  try {
    return use(localStorage)
  } catch {
    return undefined
  }
}
