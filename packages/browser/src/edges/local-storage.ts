/** What `use` makes of `localStorage`, or `otherwise`: it may be blocked, full, or throw as soon as it is looked at. */
export function withLocalStorage<Value>(use: (storage: Storage) => Value, otherwise: Value): Value {
  try {
    return use(localStorage)
  } catch {
    return otherwise
  }
}
