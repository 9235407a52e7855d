type Handler = ((event: Event) => unknown) | null

/** Whoever can be told, with the parents to which an `error` event rises. */
export interface Target {
  onsuccess?: Handler
  onerror?: Handler
  onabort?: Handler
  oncomplete?: Handler
  onclose?: Handler
  onversionchange?: Handler
  onupgradeneeded?: Handler
  onblocked?: Handler
}

/** @returns whether anybody has heard it, and whether the default was prevented */
export function fire(
  type: 'success' | 'error' | 'abort' | 'complete' | 'close' | 'versionchange' | 'upgradeneeded' | 'blocked',
  path: readonly Target[],
  details: { oldVersion?: number; newVersion?: number | null } = {},
): { heard: boolean; prevented: boolean } {
  const outcome = { heard: false, prevented: false }
  const preventDefault = () => {
    outcome.prevented = true
  }
  for (const target of path) {
    const handler = target[`on${type}`]
    if (!handler) continue
    outcome.heard = true
    handler.call(target, { ...details, type, target: path[0], preventDefault } as unknown as Event)
  }
  return outcome
}
