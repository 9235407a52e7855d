type Listener<Payload> = (payload: Payload) => void

export interface Emitter<Events> {
  emit: <Name extends keyof Events>(name: Name, payload: Events[Name]) => void
  /** Returns the function that takes the listener off again. */
  on: <Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>) => () => void
}

/** Hands payloads to the app's listeners. One that throws is reported to the console and harms nobody else. */
export function createEmitter<Events>(): Emitter<Events> {
  const listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {}
  return {
    emit(name, payload) {
      for (const listener of listeners[name] ?? []) {
        try {
          listener(payload)
        } catch (error) {
          // biome-ignore lint/suspicious/noConsole: the app's own fault, and the app's own console
          console.error(error)
        }
      }
    },
    on(name, listener) {
      const set: Set<Listener<Events[typeof name]>> = listeners[name] ?? new Set()
      listeners[name] = set
      set.add(listener)
      return () => set.delete(listener)
    },
  }
}
