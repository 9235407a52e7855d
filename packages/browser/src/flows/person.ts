import type { Monotonic } from '../core/operation.ts'
import type { StreamState } from '../core/records.ts'

export interface PersonOptions {
  /** The page's own clock, which does not jump: ms since it began. */
  uptime: () => number
  /** A new UUID at each call. */
  mint: () => string
  /** This document's id. */
  tab: string
  /** Another person is here: what the page has of the former one is to go. */
  onBegin: () => void
  /** What the store is known to hold. */
  stream: () => StreamState | undefined
}

/** Whom this page takes the person for. */
export interface PersonWatch {
  /** `anonymousId`; none before the store was read, and after the person has gone. */
  id: () => string | undefined
  /** Says which events share a monotonic clock; another person gets another one. */
  boot: () => string
  /** @param uptime ms */
  monotonic: (uptime: number) => Monotonic
  /** Whether the stream is of a person who has gone. */
  isFormer: (stream: StreamState | undefined) => boolean
  /**
   * Another person is here from now on, or nobody who may be known.
   *
   * @param stored settles when the store has heard of it
   */
  begin: (stored?: Promise<unknown>) => void
  /** What the store was found to hold: another tab may have begun another person. */
  meet: (stream: StreamState | undefined) => void
}

/**
 * Tells one person from the next, as nothing may link the two: neither a stream nor what a document keeps, its clock
 * among it.
 */
export function watchPerson({ uptime, mint, tab, onBegin, stream }: PersonOptions): PersonWatch {
  let boot = tab
  /** By `uptime`: a clock that went on from one person to the next would tell which two were in one document. */
  let bootedAt = 0
  let id: string | undefined
  let former: string | undefined
  /** Ends of a person that are not stored yet: what is read or written until then is the former person's. */
  let endings = 0

  const isFormer: PersonWatch['isFormer'] = (of) => endings > 0 || (!!former && of?.anonymousId === former)

  function begin(stored: Promise<unknown> = Promise.resolve()): void {
    boot = mint()
    bootedAt = uptime()
    former = id ?? former
    id = undefined
    endings++
    onBegin()
    stored.then(() => {
      endings--
      meet(stream())
    })
  }

  function meet(of: StreamState | undefined): void {
    if (!of || isFormer(of)) return
    const { anonymousId } = of
    if (id && id !== anonymousId) begin()
    id = anonymousId
  }

  return {
    id: () => id,
    boot: () => boot,
    monotonic: (at) => ({ boot, ms: Math.round(at - bootedAt) }),
    isFormer,
    begin,
    meet,
  }
}
