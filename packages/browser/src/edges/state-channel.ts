/** Tells the site's other pages that the state has changed; what it is they read themselves. */
export interface StateChannel {
  announce: () => void
  /** Hears from here on what others announce. */
  listen: (onAnnounced: () => void) => void
  /** Hears nothing: Chromium keeps no page in its back/forward cache that is told something there. */
  pause: () => void
  /** Hears again; what it has missed it takes for an announcement. */
  resume: () => void
  close: () => void
}

/** Where there is no BroadcastChannel nothing is told, and each page knows of its own changes only. */
export function createStateChannel(name: string): StateChannel {
  let channel: BroadcastChannel | undefined
  let listener: (() => void) | undefined
  const open = () => {
    try {
      return new BroadcastChannel(name)
    } catch {
      return undefined // Missing, or barred as in a sandboxed frame.
    }
  }
  const hear = () => {
    if (!listener || channel) return
    channel = open()
    if (channel) channel.onmessage = listener
  }
  const pause = () => {
    channel?.close()
    channel = undefined
  }
  return {
    announce() {
      const own = channel ?? open()
      own?.postMessage(null)
      if (own !== channel) own?.close()
    },
    listen(onAnnounced) {
      listener = onAnnounced
      hear()
    },
    pause,
    resume() {
      hear()
      listener?.()
    },
    close() {
      listener = undefined
      pause()
    },
  }
}
