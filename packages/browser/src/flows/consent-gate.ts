import type { Consent, ConsentDecision } from '../core/consent.ts'
import { describe } from '../core/describe.ts'
import type { DropReason } from '../core/drop-reason.ts'
import type { Operation } from '../core/operation.ts'
import { ABSENT } from '../core/store.ts'
import { isOutdated, type Wish, type Wishes } from '../core/wish.ts'
import type { Buffers } from './buffers.ts'
import type { Waiting } from './stamping.ts'

export interface ConsentGateOptions {
  buffers: Buffers
  wishes: Wishes
  now: () => number
  delay: (ms: number) => Promise<void>
  /** What holds until the visitor's decision is known. */
  assumed: Consent
  onError: (error: { code: string; detail: string }) => void
}

export interface ConsentGate extends Pick<Buffers, 'submit' | 'leave'> {
  /** The page runs. */
  run: (online?: boolean) => void
  /** What this page knows. */
  current: () => Consent
  /** Whether a store may be created. */
  mayStore: () => boolean
  /** How many calls wait for the visitor's decision. */
  held: () => number
  /** The visitor has decided. Resolves when it is written down and done; what is no decision changes nothing. Never rejects. */
  decide: (decision: ConsentDecision) => Promise<void>
  /** Empties the buffers, whatever was decided. Never rejects. */
  forget: () => Promise<void>
  /** Looks whether there is a decision: another tab may have got one. */
  look: () => Promise<void>
  /** See `StamperOptions`. */
  owes: (wishedAt: number | undefined) => number | undefined
  /** These come after what is still to be forgotten. */
  hold: (waiting: Waiting[]) => void
  /** The store's own word. */
  learn: (waiting: Waiting[], consent: Consent) => void
}

/** How often to look again, while calls wait, whether the store works. In ms. */
const RETRY = 30_000

/** Calls that wait for a decision: enough for a visit, and no burden to the page. */
const HELD = 1_000

/**
 * Lets calls through to the buffers once the visitor has consented. Until then nothing is stored and nothing is sent; the
 * decision in the store counts for all tabs, and each transaction reads it anew.
 */
export function createConsentGate({ buffers, wishes, now, delay, assumed, onError }: ConsentGateOptions): ConsentGate {
  let current: Consent = wishes.read()?.consent === 'denied' ? 'denied' : assumed
  let mayStore = current === 'granted'
  /** Where no consent is needed a denial is stored as well: what `localStorage` is told a kill of the browser may undo. */
  const isStored = () => mayStore || assumed === 'granted'
  /** What the visitor has decided, as far as this page has heard: it holds while the store can't be read. */
  let decided: Consent = assumed
  const held: Waiting[] = []
  /** Counts the calls. */
  const order = new WeakMap<Operation, number>()
  let calls = 0
  let looking: Promise<void> | undefined
  let retrying = false
  /** Which wish is the visitor's latest: what was begun before it does not count. */
  let wished = 0
  /** Signs of wishes in other tabs: what was read before one does not count. */
  let signs = 0
  /** How often the page was left: what fails meanwhile says nothing about the store. */
  let leaves = 0
  let latest = 0
  /** What the visitor wants forgotten and is not yet: until then nothing is stored after it, and nothing sent. */
  let owed: Wish | undefined
  /** Whether it is written down, too. */
  let wasNoted = false

  /** Another one than before, whatever the clock was set to. */
  const next = () => {
    latest = Math.max(now(), (wishes.read()?.at ?? 0) + 1, latest + 1)
    return latest
  }

  const isDone = ({ at }: Wish, wishedAt = 0) => at === wishedAt || isOutdated(at, wishedAt, now())

  /** What comes back from the store may have been called before what is held. */
  const keep = (waiting: Waiting[]) => {
    held.push(...waiting)
    held.sort((a, b) => (order.get(a.operation) ?? 0) - (order.get(b.operation) ?? 0))
  }

  const drop = ({ resolve }: Waiting, reason: DropReason) => resolve({ status: 'dropped', reason })

  function learn(waiting: Waiting[], consent: Consent): void {
    const before = current
    current = consent
    mayStore = consent === 'granted'
    keep(waiting)
    if (consent === 'granted') {
      if (before !== consent) buffers.run()
      for (const { operation, resolve } of held.splice(0)) buffers.submit(operation).then(resolve)
    } else {
      buffers.halt()
      if (consent === 'denied') for (const call of held.splice(0)) drop(call, 'consent_denied')
      for (const call of held.splice(HELD)) drop(call, 'consent_pending')
      for (const { resolve } of held) resolve({ status: 'memory' })
    }
  }

  /**
   * @param stored whether there can be anything in the store
   * @returns whether there is a store, as far as can be told
   */
  async function fulfil({ at, consent, forget, since }: Wish, stored = true): Promise<boolean> {
    try {
      if (forget) await buffers.forget(at, consent, since)
      else await buffers.permit(at)
      if (consent !== 'denied' && wishes.read()?.at === at) wishes.clear()
    } catch (error) {
      // It stays written down, and is tried again by whoever looks next.
      if (stored) onError({ code: 'storage', detail: describe(error) })
      return !describe(error).endsWith(ABSENT)
    }
    if (owed?.at === at) owed = undefined
    return true
  }

  async function lookNow(): Promise<void> {
    const before = wished + signs
    // It may still be to be done: it must take nothing with it of what comes from here on, and nothing is sent until then,
    // for the store may keep us waiting.
    if ((owed ?? wishes.read())?.forget && current === 'granted') {
      current = 'pending'
      buffers.halt()
    }
    // Nothing is stored, so nothing was decided.
    let holdings = await buffers.read().catch(() => undefined)
    const noted = wishes.read()
    const latestAt = Math.max(noted?.at ?? 0, holdings?.state?.wishedAt ?? 0)
    // What was done, or has given way, may come to light again after a kill of the browser. The last denial stays.
    const wishedAt = holdings?.state?.wishedAt
    if (noted && isDone(noted, wishedAt) && (noted.consent !== 'denied' || noted.at !== wishedAt)) wishes.clear()
    // It has given way to a later one, here or in another tab.
    if (owed && (wasNoted ? noted?.at !== owed.at : latestAt > owed.at)) owed = undefined
    const wish = owed ?? noted
    // For a page that is left before the rest is done.
    if (holdings?.state?.consent === 'granted' && wish?.consent !== 'denied') decided = 'granted'
    if (wish && !isDone(wish, holdings?.state?.wishedAt)) {
      if (wish.consent === 'granted') mayStore = true
      await fulfil(wish, !!holdings || isStored())
      // Where nothing can be read nothing more can be forgotten.
      if (!holdings && owed?.consent !== 'denied') owed = undefined
      holdings = await buffers.read().catch(() => undefined)
    }
    if (before !== wished + signs) return lookNow()
    const { state, pending = 0 } = holdings ?? {}
    // Another tab's wish may be gone as soon as it was done.
    const { forgottenAt = 0 } = state ?? {}
    if (forgottenAt <= now()) buffers.forgetMemory(forgottenAt)
    // A decision that could not be carried out counts all the same.
    const undone = wish && !isDone(wish, state?.wishedAt) ? wish : undefined
    if (holdings) decided = state?.consent ?? assumed
    const consent = undone?.consent ?? decided
    if (consent === 'denied') {
      buffers.halt()
      // Where a denial is assumed, as with GPC, what is left of the time before has to go; and what a tab that had not
      // heard of the denial left behind in any case.
      if (holdings && (state?.stream || pending)) await fulfil({ at: wish?.at ?? now(), forget: true })
      await buffers.sweep()
      if (before !== wished + signs) return lookNow()
    }
    looking = undefined // At once with the answer: a call that comes later looks anew, and none is left waiting.
    // What a store still has to forget would take with it what is stored before that.
    learn([], (owed || (holdings && undone?.forget)) && consent !== 'denied' ? 'pending' : consent)
    const waits = held.length > 0 || undone?.forget
    if ((!holdings || undone) && waits && consent !== 'denied') lookLater()
  }

  async function lookLater(): Promise<void> {
    if (retrying) return
    retrying = true
    await delay(RETRY)
    retrying = false
    look()
  }

  const look = (): Promise<void> => {
    looking ??= lookNow()
    return looking
  }
  const lookAnew = (): Promise<void> => {
    signs++
    // Before the store is looked at, which may take long: what comes from here on is not to be forgotten.
    const wish = owed ?? wishes.read()
    if (wish?.forget) buffers.forgetMemory(wish.since ?? wish.at)
    // Another tab may have forgotten what this one would still send, or leave to the browser to send.
    if (current === 'granted') {
      current = 'pending'
      buffers.halt()
    }
    return look()
  }

  return {
    current: () => current,
    mayStore: isStored,
    held: () => held.length,
    look: lookAnew,
    owes(wishedAt) {
      const wish = owed ?? wishes.read()
      return wish?.forget && !isDone(wish, wishedAt) ? (wish.since ?? wish.at) : undefined
    },
    hold(waiting) {
      keep(waiting)
      // Another tab may owe it, and be gone before it is done.
      lookAnew()
    },
    learn,
    async run(online) {
      const granted = current === 'granted'
      // What the page before could not finish comes first.
      if (!granted || wishes.read()) await lookAnew()
      if (granted && current === 'granted') buffers.run(online)
    },
    leave() {
      leaves++
      // What waits only until the store has forgotten what was before is left behind with the rest; and what waits for the
      // store's word where a grant is written down that is still to be carried out.
      const noted = wishes.read()?.consent
      if (noted === 'granted') mayStore = true
      if (noted === 'granted' || (noted !== 'denied' && decided === 'granted'))
        for (const { operation, resolve } of held.splice(0)) buffers.submit(operation).then(resolve)
      buffers.leave()
    },
    async forget() {
      wished++
      for (const call of held.splice(0)) drop(call, 'forgotten')
      owed = { at: next(), consent: wishes.read()?.consent, forget: true, since: now() }
      // Before consent not even that is written.
      if (isStored() || wishes.read()) wishes.write(owed)
      wasNoted = wishes.read()?.at === owed.at
      // What comes from here on must not share a transaction with what came before.
      current = 'pending'
      buffers.halt()
      const own = wished
      const wish = owed
      await look()
      // The visitor had consented, which this page has only heard now: other tabs have to hear of it as well.
      if (own !== wished || wasNoted || decided !== 'granted') return
      wishes.write(wish)
      await look()
    },
    submit(operation) {
      if (typeof operation === 'object') order.set(operation, ++calls)
      if (current === 'granted' || typeof operation === 'string') return buffers.submit(operation)
      return new Promise((resolve) => {
        held.push({ operation, resolve })
        look()
      })
    },
    async decide(decision) {
      if (decision !== 'granted' && decision !== 'denied') return
      const own = ++wished
      // What was to be forgotten before it still is.
      const former = owed ?? wishes.read()
      const forget = decision === 'denied' || !!former?.forget
      // A denial takes all; a grant only what was to be forgotten before it.
      const since = decision === 'granted' && former?.forget ? (former.since ?? former.at) : undefined
      const wish: Wish = { at: next(), consent: decision, forget, since }
      // Where the store can't be read, what it holds must not take it back.
      owed = forget ? wish : undefined
      // A wish that is written down may be a grant that nobody could carry out yet.
      const stored = isStored() || !!wishes.read() || decision === 'granted'
      if (stored) wishes.write(wish)
      wasNoted = wishes.read()?.at === wish.at
      if (decision === 'denied') learn([], decision)
      else {
        mayStore = true
        // What is left behind before it is carried out is kept.
        if (current === 'denied') current = 'pending'
      }
      const before = leaves
      const isThere = (await fulfil(wish, stored)) && before === leaves
      // What was read before this was done does not count.
      signs++
      if (own !== wished) return
      decided = decision
      // This page had not heard of a grant in another one. Where nothing was ever stored, the denial is not either.
      if (!stored && isThere) wishes.write(wish)
      // Another tab may have got another one since; and what is still to be forgotten comes before what is granted.
      if ((wishes.read()?.at ?? 0) > wish.at || (owed && decision === 'granted')) await look()
      else learn([], decision)
    },
  }
}
