import type { JsonObject } from '@waybill/protocol'
import { type OutgoingEvent, review } from '../core/before-send.ts'
import type { Consent } from '../core/consent.ts'
import { describe } from '../core/describe.ts'
import type { DropReason } from '../core/drop-reason.ts'
import type { EventOperation, Operation, Priority } from '../core/operation.ts'
import type { State } from '../core/state.ts'
import { type EventCall, toEventOperation, toObject } from '../core/to-operation.ts'
import { withoutArrival } from '../core/without-arrival.ts'
import type { PageScope } from './page-scope.ts'
import type { PersonWatch } from './person.ts'
import type { TrackResult } from './stamping.ts'

export interface CallsOptions {
  beforeSend?: ((event: OutgoingEvent, state: State) => unknown) | undefined
  /** Hands an operation over to be stored, or counts what was refused. */
  submit: (operation: Operation | DropReason) => Promise<TrackResult>
  /** What the visitor has decided, as far as this page knows. */
  consent: () => Consent
  person: PersonWatch
  inPage: PageScope
  /** ms since 1970 */
  now: () => number
  /** ms since the page began */
  uptime: () => number
  pageContext: () => JsonObject
  library: { name: string; version: string }
  /** The latest state that this page knows. */
  latest: () => State
  /** Why nothing is taken any more. */
  ended: () => DropReason | undefined
  onDropped: (dropped: TrackResult & { status: 'dropped' }) => void
  onError: (error: { code: string; detail: string }) => void
}

export interface Calls {
  /** One call of the app, which hears of it if it is dropped. */
  call: (toOperation: () => Operation | DropReason) => Promise<TrackResult>
  /** A call that makes an event. */
  callEvent: (
    eventName: unknown,
    event: EventCall,
    options?: { priority?: Priority; set?: object },
  ) => Promise<TrackResult>
  /** A call of the SDK's own. */
  callOwn: (operation: Operation) => Promise<TrackResult>
  /**
   * Shows an event to the app, and folds what the page accumulates into it.
   *
   * @param folds whether it is an event by itself, and no part of one to come
   */
  prepare: (made: EventOperation | DropReason, folds: boolean) => EventOperation | DropReason
  /** What the document says of itself; the same object while it says the same. */
  context: () => JsonObject
  /** Another tab may have got a denial. */
  heed: () => void
  /** Another person is here: how the one before came to this page is not how they did. */
  forgetArrival: () => void
}

/** Makes operations of the app's calls, each signed with the person whose it is. */
export function createCalls(options: CallsOptions): Calls {
  const { submit, consent, person, inPage, now, uptime, pageContext, library, onDropped, onError } = options
  let wasDenied = consent() === 'denied'
  /** Of the page when the person before was here last. */
  let formerContext: JsonObject | undefined
  /** Made once of each that the page gives: most events are of the same as the one before. */
  let shown: { of: JsonObject; context: JsonObject } | undefined

  const heed = () => {
    const isDenied = consent() === 'denied'
    if (isDenied && !wasDenied) person.begin()
    wasDenied = isDenied
  }

  /** What is refused after a denial makes nobody of whoever called; granted meanwhile it is kept, and of one boot all the same. */
  const sign = () => (wasDenied ? { boot: person.boot() } : person.sign())

  async function call(toOperation: () => Operation | DropReason): Promise<TrackResult> {
    let operation: Operation | DropReason
    heed()
    // The app's objects may have getters that throw, and the page may lack what we call: neither is the page's trouble.
    try {
      // Before the app's own code runs, which may call `reset()`: it is the call of whoever was there.
      const signature = sign()
      const made = options.ended() ?? toOperation()
      // No copy, which would write the text of an event that is not needed yet.
      operation = typeof made === 'string' ? made : Object.assign(made, signature)
    } catch {
      operation = 'internal'
    }
    const boot = person.boot()
    const result = await submit(operation)
    if (result.status === 'dropped') {
      // What was dropped later than at once is among what the page has accumulated.
      const isOver = result.reason === 'consent_denied' || result.reason === 'forgotten'
      if (isOver && boot === person.boot()) person.begin()
      onDropped(result)
    }
    return result
  }

  function show(operation: EventOperation): EventOperation | DropReason {
    const { beforeSend } = options
    if (!beforeSend) return operation
    try {
      const state = options.latest()
      return review(operation, (event) => beforeSend(event, state))
    } catch (error) {
      onError({ code: 'before_send', detail: describe(error) })
      return 'before_send'
    }
  }

  const prepare: Calls['prepare'] = (made, folds) => {
    const shown = typeof made === 'string' ? made : show(made)
    // After a denial it is as good as dropped.
    return typeof shown === 'string' || !folds || wasDenied ? shown : inPage.fold(shown)
  }

  const context = () => {
    const given = pageContext()
    if (shown?.of !== given) shown = { of: given, context: { ...withoutArrival(given, formerContext), library } }
    return shown.context
  }

  return {
    call,
    callEvent: (eventName, event, trackOptions) =>
      call(() => {
        const { priority, set: added } = Object(trackOptions) as { priority?: Priority; set?: object }
        const set = added === undefined ? undefined : toObject(added)
        if (typeof set === 'string') return set
        const made = toEventOperation(eventName, { ...event, priority }, now(), {
          monotonic: person.monotonic(uptime()),
          context: context(),
        })
        return prepare(typeof made === 'string' || !set ? made : { ...made, set }, true)
      }),
    callOwn: (operation) => submit({ ...operation, ...sign() }),
    prepare,
    context,
    heed,
    forgetArrival() {
      formerContext = pageContext()
      shown = undefined
    },
  }
}
