import type { Monotonic, Signature } from '../core/operation.ts'
import type { StreamState } from '../core/records.ts'

export interface PersonOptions {
  /** The page's own clock, which does not jump: ms since it began. */
  uptime: () => number
  /** A new UUID at each call. */
  mint: () => string
  /** This document's id. */
  tab: string
  /** Another clock begins: what the page has accumulated is to go with the former. */
  onBoot: () => void
  /**
   * Another person is here: what the page has of the former one is to go.
   *
   * @param isFound the store was found to hold them already
   */
  onBegin: (wasSomebody: boolean, isFound: boolean) => void
  /** The store has heard of it: what it holds is nobody's of before. */
  onStored: () => void
  /** What the store is known to hold. */
  stream: () => StreamState | undefined
  /** See `Stamper`. */
  isParting: () => boolean
  /** Whose the calls of each boot are, by `anonymousId`: for whom this page has stamped some, or whom it has met in it. */
  boots: Map<string, string>
}

/** Whom this page takes the person for. */
export interface PersonWatch {
  /** Whose a call is. Nobody's before the store was read, and after the person has gone. */
  sign: () => Signature
  leave: () => void
  /**
   * The page runs. Another one may have stamped what this one called when it was left, and for whom this one does not
   * hear: what it calls from here on may be another person's.
   */
  run: () => void
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
export function watchPerson({
  uptime,
  mint,
  tab,
  onBoot,
  onBegin,
  onStored,
  stream,
  isParting,
  boots,
}: PersonOptions): PersonWatch {
  let boot = tab
  /** By `uptime`: a clock that went on from one person to the next would tell which two were in one document. */
  let bootedAt = 0
  let id: string | undefined
  let former: string | undefined
  /** Something was called in this boot before it was known by whom. */
  let isNameless = false
  let isLeft = false
  /** Ends of a person that are not stored yet: what is read or written until then is the former person's. */
  let endings = 0

  const isFormer: PersonWatch['isFormer'] = (of) =>
    endings > 0 || isParting() || (!!former && of?.anonymousId === former)

  function begin(stored: Promise<unknown> = Promise.resolve(), isFound = false): void {
    onBegin(isNameless || (id ?? former) !== undefined, isFound)
    reboot()
    former = id ?? former
    id = undefined
    endings++
    const heard = () => {
      endings--
      // Else it began with another person, and what this page has stamped last is the former's.
      if (!id) meet(stream())
      onStored()
    }
    stored.then(heard, heard)
  }

  function reboot(): void {
    boot = mint()
    bootedAt = uptime()
    isNameless = false
    onBoot()
  }

  /** What was left behind before it was known by whom may be stamped for somebody else than what comes after it. */
  function partFromLeft(): void {
    if (isLeft && isNameless) reboot()
  }

  function meet(of: StreamState | undefined): void {
    if (!of || isFormer(of)) return
    const { anonymousId } = of
    if (id && id !== anonymousId) begin(undefined, true)
    else if (!id && (boots.get(boot) ?? anonymousId) !== anonymousId) reboot()
    else if (!id) partFromLeft()
    id = anonymousId
    boots.set(boot, id)
  }

  return {
    sign() {
      if (id) return { anonymousId: id }
      // Each is left behind by itself.
      partFromLeft()
      isNameless = true
      return { boot }
    },
    leave() {
      isLeft = true
    },
    run() {
      if (!id) partFromLeft()
      isLeft = false
    },
    boot: () => boot,
    monotonic: (at) => ({ boot, ms: Math.round(at - bootedAt) }),
    isFormer,
    begin: (stored) => begin(stored),
    meet,
  }
}
