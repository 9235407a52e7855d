import type { Life, Scheduler } from '../scheduler.ts'
import { clone } from './clone.ts'
import type { Key } from './compare-keys.ts'
import { fire, type Target } from './fire.ts'
import { toKey, toRange } from './key-range.ts'
import { type Change, count, type Entry, find, put, type Records, remove, select, undo } from './records.ts'
import { createRequest, type Request } from './request.ts'
import type { Tasks } from './tasks.ts'

export interface TransactionOptions {
  scheduler: Scheduler
  latency: () => number
  life: Life
  tasks: Tasks
  mode: IDBTransactionMode
  durability: IDBTransactionDurability
  /** The connection it belongs to. */
  connection: Target
  stores: ReadonlyMap<string, Records>
  /** Why it may not be kept, if it may not. Asked when it commits. */
  refuse: (changes: readonly Change[]) => DOMException | undefined
  /** It has ended: what it has changed is on the disk, or is undone. */
  onEnd: (committed: boolean) => void
}

/** One transaction, as its page has it and as the disk runs it. */
export interface Transaction {
  readonly face: IDBTransaction
  readonly life: Life
  readonly mode: IDBTransactionMode
  readonly durability: IDBTransactionDurability
  readonly changes: readonly Change[]
  /** Its turn has come. */
  readonly hasStarted: boolean
  /** All is asked for: it ends without its page. */
  readonly isCommitting: boolean
  isActive: () => boolean
  start: () => void
  /** Lets its page use it for as long as `callback` and what follows in the same task take. */
  dispatch: (callback: () => void) => void
  /** Does now what a commit that is under way would have done in a moment. */
  commitNow: () => void
  abort: (error: DOMException | null) => void
}

interface Ask {
  request: Request
  /** How it went on the disk; undefined until it was its turn. */
  outcome: Outcome | undefined
  run: () => Outcome
}

type Outcome = { found: () => unknown } | { error: DOMException }

const nothing = (): undefined => undefined

export function createTransaction({
  scheduler,
  latency,
  life,
  tasks,
  mode,
  durability,
  connection,
  stores,
  refuse,
  onEnd,
}: TransactionOptions): Transaction {
  let state: 'open' | 'committing' | 'finished' = 'open'
  let hasStarted = false
  /** The task in which the page may ask for something. The next one has another number. */
  let activeIn = scheduler.steps
  /** In the order asked; those that the page has been answered are gone. */
  const asks: Ask[] = []
  const changes: Change[] = []
  let failure: DOMException | undefined
  let takeBack = (): void => {}

  const isActive = () => state === 'open' && activeIn === scheduler.steps

  const face: Target & Pick<IDBTransaction, 'mode' | 'durability' | 'commit' | 'abort'> & Record<string, unknown> = {
    mode,
    durability,
    db: connection,
    error: null,
    oncomplete: null,
    onabort: null,
    onerror: null,
    objectStore(name: string) {
      if (state === 'finished') throw new DOMException('The transaction has finished.', 'InvalidStateError')
      const records = stores.get(name)
      if (!records) throw new DOMException('The object store was not found.', 'NotFoundError')
      return createObjectStore(name, records)
    },
    commit() {
      if (!isActive()) throw new DOMException('The transaction is not active.', 'InvalidStateError')
      askToCommit()
    },
    abort() {
      if (state !== 'open') throw new DOMException('It is too late to abort.', 'InvalidStateError')
      abort(null)
    },
  }

  function ask(run: () => Outcome): Request {
    takeBack()
    const request = createRequest(face)
    asks.push({ request, outcome: undefined, run })
    if (hasStarted) work()
    return request
  }

  /** The disk does what it was asked: nobody else can look, so it may do it at once and take its time to say so. */
  function work(): void {
    for (const ask of asks) {
      if (ask.outcome) continue
      ask.outcome = ask.run()
      if ('error' in ask.outcome) failure ??= ask.outcome.error
      // What is asked for together is answered together, a task for each.
      tasks.post(ask === asks[0] ? latency() : 0, () => answer(ask))
    }
  }

  function answer(ask: Ask): boolean {
    asks.shift()
    const { request } = ask
    const outcome = ask.outcome as Outcome
    request.readyState = 'done'
    let isHeard = false
    if ('error' in outcome) {
      request.error = outcome.error
      let isPrevented = false
      activeIn = scheduler.steps
      ;({ heard: isHeard, prevented: isPrevented } = fire('error', [request, face as Target, connection]))
      if (!isPrevented) abort(outcome.error)
      else if (outcome.error === failure) failure = undefined
    } else {
      request.result = outcome.found()
      activeIn = scheduler.steps
      isHeard = fire('success', [request]).heard
    }
    if (isHeard) checkLater()
    // The page had no ears for it, so it has nothing to say to it.
    else if (asks.length === 0 && state === 'open') askToCommit()
    return isHeard
  }

  /** A page that asks for nothing more commits, once it has returned to its event loop. */
  function checkLater(): void {
    if (asks.length === 0 && state === 'open') takeBack = scheduler.after(0, askToCommit, life)
  }

  function askToCommit(): void {
    takeBack()
    state = 'committing'
    if (hasStarted) commitLater()
  }

  /** From here on it is the browser's: the page may be frozen. */
  function commitLater(): void {
    takeBack = scheduler.after(latency(), commitNow)
  }

  function commitNow(): void {
    const error = failure ?? refuse(changes)
    if (error) {
      abort(error)
      return
    }
    takeBack()
    state = 'finished'
    // The page hears of it a moment later: it may be gone by then.
    tasks.post(latency(), () => fire('complete', [face as Target]).heard)
    onEnd(true)
  }

  function abort(error: DOMException | null): void {
    if (state === 'finished') return
    takeBack()
    state = 'finished'
    face.error = error
    undo(changes)
    for (const ask of asks) {
      const isPosted = ask.outcome !== undefined
      ask.outcome = { error: new DOMException('The transaction was aborted.', 'AbortError') }
      if (!isPosted) tasks.post(0, () => answer(ask))
    }
    tasks.post(0, () => fire('abort', [face as Target, connection]).heard)
    onEnd(false)
  }

  function createObjectStore(name: string, records: Records): IDBObjectStore {
    function check(writes: boolean): void {
      if (!isActive()) throw new DOMException('The transaction is not active.', 'TransactionInactiveError')
      if (writes && mode === 'readonly') throw new DOMException('The transaction is read-only.', 'ReadOnlyError')
    }
    function read(find: () => () => unknown): Request {
      check(false)
      return ask(() => ({ found: find() }))
    }
    function write(value: unknown, key: unknown, isNew: boolean): Request {
      check(true)
      const entry: Entry = { value: clone(value), key: toKey(key) }
      return ask(() => {
        if (isNew && find(records, entry.key)) {
          return { error: new DOMException('The key is there already.', 'ConstraintError') }
        }
        changes.push(put(records, entry))
        return { found: () => clone(entry.key) }
      })
    }
    const all = (query: unknown, limit: number | undefined, pick: (entry: Entry) => unknown) => {
      const range = toRange(query)
      return read(() => {
        const entries = select(records, range, limit)
        return () => entries.map((entry) => clone(pick(entry)))
      })
    }
    const store = {
      name,
      transaction: face,
      get(query: unknown) {
        const range = toRange(query)
        return read(() => {
          const [entry] = select(records, range, 1)
          return () => clone(entry?.value)
        })
      },
      getAll: (query: unknown, limit?: number) => all(query, limit, ({ value }) => value),
      getAllKeys: (query: unknown, limit?: number) => all(query, limit, ({ key }): Key => key),
      count(query: unknown) {
        const range = toRange(query)
        return read(() => {
          const number = count(records, range)
          return () => number
        })
      },
      put: (value: unknown, key: unknown) => write(value, key, false),
      add: (value: unknown, key: unknown) => write(value, key, true),
      delete(query: unknown) {
        check(true)
        const range = toRange(query)
        return ask(() => {
          changes.push(...remove(records, range))
          return { found: nothing }
        })
      },
    }
    return store as unknown as IDBObjectStore
  }

  // Not for the one that upgrades: it waits for its page to be told of it.
  if (mode !== 'versionchange') checkLater()

  return {
    face: face as unknown as IDBTransaction,
    life,
    mode,
    durability,
    changes,
    get hasStarted() {
      return hasStarted
    },
    get isCommitting() {
      return state === 'committing'
    },
    isActive,
    start() {
      hasStarted = true
      work()
      if (state === 'committing') commitLater()
    },
    dispatch(callback) {
      activeIn = scheduler.steps
      callback()
      checkLater()
    },
    commitNow,
    abort,
  }
}
