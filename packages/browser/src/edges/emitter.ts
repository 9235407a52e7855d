type Listener<Payload> = (payload: Payload) => void

export interface Emitter<Events> {
  emit: <Name extends keyof Events>(name: Name, payload: Events[Name]) => void
  /** Returns the function that takes the listener off again. */
  on: <Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>) => () => void
}

/** Hands payloads to the app's listeners. One that throws is reported to the console and harms nobody else. */
export function createEmitter<Events>(): Emitter<Events> {
  const listeners = new Set<[name: keyof Events, listener: Listener<never>]>()
  return {
    emit(name, payload) {
      for (const [wanted, listener] of listeners) {
        try {
          if (wanted === name) listener(payload as never)
        } catch (error) {
          // biome-ignore lint/suspicious/noConsole: the app's own fault, and the app's own console
          console.error(error)
        }
      }
    },
    on(name, listener) {
      const entry: [typeof name, Listener<never>] = [name, listener]
      listeners.add(entry)
      return () => listeners.delete(entry)
    },
  }
}
