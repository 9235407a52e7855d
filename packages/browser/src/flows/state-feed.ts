import type { StreamState } from '../core/records.ts'

export interface StateFeedOptions {
  /** What is stored at this moment. Never rejects. */
  read: () => Promise<StreamState | undefined>
  /** What the app is told of it. */
  toState: (stream: StreamState | undefined) => unknown
  /** Hears from here on of changes in other pages. */
  listen: (onAnnounced: () => void) => void
}

export interface StateFeed {
  /** The latest that this page knows. */
  latest: () => StreamState | undefined
  /** This page has written it. */
  written: (stream: StreamState | undefined) => void
  /** It may have changed elsewhere. Nobody looks where nobody wants to know. */
  look: () => void
  /** Keeps `latest` up to date from here on, whoever listens. */
  follow: () => void
  /** Tells the state at once and after each change; many changes may be one. Never an older one after a newer. */
  subscribe: (listener: (state: never) => void) => () => void
  /** Tells nobody any more. */
  close: () => void
}

interface Subscriber {
  listener: (state: never) => void
  /** What it was told last, as JSON. */
  told?: string
}

/** What changes of the state, in this page and in others. */
export function createStateFeed({ read, toState, listen }: StateFeedOptions): StateFeed {
  const subscribers = new Set<Subscriber>()
  let latest: StreamState | undefined
  let following = false
  let closed = false
  /** Whether it was ever read or written. */
  let known = false
  let looking = false
  let again = false
  let telling = false
  let writes = 0

  async function lookNow(): Promise<void> {
    if (looking) {
      again = true
      return
    }
    looking = true
    do {
      again = false
      const before = writes
      const stream = await read()
      // What this page wrote meanwhile is newer, but there may be something newer still.
      if (before !== writes) again = true
      else know(stream)
    } while (again)
    looking = false
  }

  function know(stream: StreamState | undefined): void {
    latest = stream
    known = true
    tell()
  }

  async function tell(): Promise<void> {
    if (telling || subscribers.size === 0) return
    telling = true
    await null // Others may come in this turn.
    telling = false
    for (const subscriber of subscribers) {
      const state = toState(latest)
      const text = JSON.stringify(state)
      if (text === subscriber.told) continue
      subscriber.told = text
      try {
        subscriber.listener(state as never)
      } catch (error) {
        // biome-ignore lint/suspicious/noConsole: the app's own fault, and the app's own console
        console.error(error)
      }
    }
  }

  const look = () => {
    if (following || subscribers.size > 0) lookNow()
  }

  return {
    latest: () => latest,
    written(stream) {
      writes++
      know(stream)
    },
    look,
    follow() {
      following = true
      listen(look)
      lookNow()
    },
    subscribe(listener) {
      if (closed) return () => {}
      const subscriber: Subscriber = { listener }
      subscribers.add(subscriber)
      listen(look)
      // What was known while nobody looked may be old.
      if (following && known) tell()
      else lookNow()
      return () => {
        subscribers.delete(subscriber)
      }
    },
    close() {
      closed = true
      following = false
      subscribers.clear()
    },
  }
}
