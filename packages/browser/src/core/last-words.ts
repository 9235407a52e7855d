/**
 * Where a page that is being left puts what is not stored yet: at once, and for good as soon as the call returns, but
 * for a kill of the browser in the seconds after. Not IndexedDB: WebKit loses every write that is begun in `pagehide`,
 * and other engines lose those that wait for another.
 */
export interface LastWords {
  /** @returns whether it is kept */
  write: (id: string, text: string) => boolean
  /** What every page of this site has left, as [id, text]. */
  read: () => [id: string, text: string][]
  remove: (ids: Iterable<string>) => void
}
