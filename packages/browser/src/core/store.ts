/** A record's key. Strings name single records; `[stream number, seq]` names the line of one event. */
export type Key = string | readonly [stream: number, seq: number]

/** Every key from the first to the last, both included. Strings sort before pairs. */
export type KeyRange = readonly [from: Key, to: Key]

/** One transaction's hold on the store. Read first, then write: a read need not see this transaction's own writes. */
export interface Transaction {
  get(key: Key): Promise<unknown>
  /** In key order, the lowest `limit` of them. */
  getAll(range: KeyRange, limit?: number): Promise<[Key, unknown][]>
  count(range: KeyRange): Promise<number>
  put(key: Key, value: unknown): void
  remove(range: KeyRange): void
  /**
   * Says that all is asked for. It would commit by itself, but only in a later turn, which a page that is being left
   * may not get.
   */
  commit(): void
}

export interface TransactionOptions {
  /** `strict`: on the disk, not only handed to the system, when `done` resolves. Default: as the browser does it. */
  durability?: 'strict'
}

export interface RunningTransaction<Value> {
  /** Resolves once committed; rejects when nothing of the transaction was kept. */
  done: Promise<Value>
  /** True: nothing of it was or will be kept. False: too late, it is committing or has ended. */
  abort(): boolean
}

/** The message of what a store's transactions fail with that is not there, and may not be created. */
export const ABSENT = 'no database'

/**
 * Where records are kept. Transactions are atomic, isolated, and run in the order in which they were begun. A store
 * that is open begins the transaction, and issues what `work` asks for up to its first `await`, before `transact`
 * returns. `work` awaits nothing but this transaction's own reads.
 */
export interface Store {
  /** What is committed outlives, when `durable`, the browser's process; in `memory` not even the page. */
  readonly mode: 'durable' | 'memory'
  transact<Value>(
    work: (transaction: Transaction) => Promise<Value>,
    options?: TransactionOptions,
  ): RunningTransaction<Value>
  /** Aborts what this page has under way, as far as it is not committing. */
  abortAll(): void
}
