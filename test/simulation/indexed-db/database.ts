import type { Life } from '../scheduler.ts'
import { type Connection, createConnection } from './connection.ts'
import type { Disk } from './disk.ts'
import { fire } from './fire.ts'
import { type Change, type Entry, entriesWithout, type Records, undo, usage } from './records.ts'
import type { Request } from './request.ts'
import { createTransaction, type Transaction } from './transaction.ts'

export interface DatabaseCopy {
  readonly version: number
  readonly stores: ReadonlyMap<string, readonly Entry[]>
}

/** One database, or the place where it would be. */
export interface Database {
  open: (life: Life, request: Request, version: number | undefined) => void
  delete: (life: Life, request: Request) => void
  /** Goes on with what waits to be opened or deleted. */
  goOn: () => void
  /** Closes every connection under its page, or only those of a life that is gone. */
  closeAll: () => void
  kill: (life: Life) => void
  /** Undefined: there is none. */
  version: () => number | undefined
  /** What is committed. */
  copy: () => DatabaseCopy | undefined
  replace: (copy: DatabaseCopy | undefined) => void
  /** In bytes, with what is not committed yet. */
  usage: () => number
}

interface Stored {
  version: number
  stores: Map<string, Records>
}

/** Opening and deleting happen one after another. */
interface Job {
  life: Life
  request: Request
  /** Null: it is to be deleted. */
  version: number | null | undefined
  /** Who stands in its way has been told. */
  isAnnounced: boolean
}

export function createDatabase(name: string, disk: Disk): Database {
  const { scheduler, latency, tasksOf } = disk
  let stored: Stored | undefined
  /** What is stored if the upgrade that runs is undone. */
  let upgrading: { before: Stored | undefined } | undefined
  let jobs: Job[] = []
  let takeBack = (): void => {}
  const connections = new Set<Connection>()
  /** In the order begun. */
  const transactions: Transaction[] = []

  /** Those that only read share; one that writes is alone. Every transaction counts as one on all object stores. */
  function grant(): void {
    for (const [index, transaction] of transactions.entries()) {
      const writes = transaction.mode !== 'readonly'
      if (writes && index > 0) break
      if (!transaction.hasStarted) transaction.start()
      if (writes) break
    }
  }

  function begin(
    connection: Connection,
    mode: IDBTransactionMode,
    durability: IDBTransactionDurability,
    stores: ReadonlyMap<string, Records>,
    onEnd: (committed: boolean) => void = () => {},
  ): Transaction {
    const transaction: Transaction = createTransaction({
      scheduler,
      latency,
      life: connection.life,
      tasks: tasksOf(connection.life),
      mode,
      durability,
      connection,
      stores,
      refuse: disk.refuse,
      onEnd(committed) {
        transactions.splice(transactions.indexOf(transaction), 1)
        connection.transactions.delete(transaction)
        if (committed && transaction.changes.length > 0) disk.commit(() => undo(transaction.changes), durability)
        onEnd(committed)
        releaseIfDone(connection)
        grant()
      },
    })
    transactions.push(transaction)
    connection.transactions.add(transaction)
    grant()
    return transaction
  }

  function close(connection: Connection): void {
    connection.isClosing = true
    releaseIfDone(connection)
  }

  function releaseIfDone(connection: Connection): void {
    if (!connection.isClosing || connection.transactions.size > 0 || !connections.delete(connection)) return
    if (jobs[0]?.isAnnounced) goOn()
  }

  function goOn(): void {
    takeBack()
    if (jobs.length > 0) takeBack = scheduler.after(latency(), step)
  }

  function enqueue(job: Job): void {
    // Whoever is gone asks for nothing; it may still be in the middle of a task.
    if (job.life.state === 'gone') return
    jobs.push(job)
    if (jobs.length === 1) goOn()
  }

  function end(job: Job, type: 'success' | 'error', outcome: { result?: unknown; error?: DOMException }): void {
    jobs = jobs.filter((other) => other !== job)
    tasksOf(job.life).post(0, () => {
      Object.assign(job.request, { readyState: 'done', result: undefined, transaction: null }, outcome)
      return fire(type, [job.request]).heard
    })
    goOn()
  }

  function step(): void {
    const [job] = jobs
    if (!job || upgrading) return
    const { version } = job
    if (version !== null && disk.isHanging()) return
    const existing = stored?.version ?? 0
    const target = version === undefined ? existing || 1 : version
    if (target !== null && target < existing) {
      end(job, 'error', { error: new DOMException('The stored version is higher.', 'VersionError') })
    } else if (stored && target === existing) {
      end(job, 'success', { result: connect(job.life, stored) })
    } else if (connections.size > 0) {
      announce(job, existing, target)
    } else if (target === null) {
      const before = stored
      stored = undefined
      disk.commit(() => {
        stored = before
      }, 'default')
      end(job, 'success', {})
    } else {
      upgrade(job, existing, target)
    }
  }

  /** Asks the pages to close their connections. One that is frozen does not hear it, and holds everybody up. */
  function announce(job: Job, oldVersion: number, newVersion: number | null): void {
    if (job.isAnnounced) return
    job.isAnnounced = true
    const versions = { oldVersion, newVersion }
    const open = [...connections].filter((connection) => !connection.isClosing)
    let unheard = open.length
    const tellIfBlocked = () => {
      if (unheard > 0 || connections.size === 0 || jobs[0] !== job) return
      tasksOf(job.life).post(0, () => fire('blocked', [job.request], versions).heard)
    }
    for (const connection of open) {
      tasksOf(connection.life).post(0, () => {
        const { heard } = connection.isClosing ? { heard: false } : fire('versionchange', [connection], versions)
        unheard -= 1
        tellIfBlocked()
        return heard
      })
    }
    tellIfBlocked()
  }

  function connect(life: Life, { version, stores }: Stored): Connection {
    const connection = createConnection({ life, name, version, stores, begin, close })
    connections.add(connection)
    return connection
  }

  function upgrade(job: Job, oldVersion: number, newVersion: number): void {
    const { life, request } = job
    const before = stored
    upgrading = { before }
    stored = { version: newVersion, stores: new Map(before?.stores) }
    const connection = connect(life, stored)
    connection.upgrade = begin(connection, 'versionchange', 'default', stored.stores, (committed) => {
      upgrading = undefined
      connection.upgrade = undefined
      const restore = () => {
        stored = before
      }
      if (committed) {
        disk.commit(restore, 'default')
      } else {
        restore()
        connection.isClosing = true
      }
      if (connection.isClosing) {
        end(job, 'error', { error: new DOMException('The upgrade was aborted.', 'AbortError') })
      } else {
        end(job, 'success', { result: connection })
      }
    })
    tasksOf(life).post(latency(), () => {
      const { upgrade } = connection
      // Aborted meanwhile: there is nothing to be told but that.
      if (!upgrade) return false
      Object.assign(request, { readyState: 'done', result: connection, transaction: upgrade.face })
      upgrade.dispatch(() => fire('upgradeneeded', [request], { oldVersion, newVersion }))
      return true
    })
  }

  /** Its transactions are undone and it is closed, whatever its page wants. */
  function closeByForce(connection: Connection): void {
    connection.isClosing = true
    for (const transaction of [...connection.transactions]) {
      transaction.abort(new DOMException('The connection was closed.', 'AbortError'))
    }
    releaseIfDone(connection)
  }

  function closeAll(): void {
    for (const connection of [...connections]) {
      const isKnown = !connection.isClosing && !connection.upgrade
      closeByForce(connection)
      if (isKnown) tasksOf(connection.life).post(0, () => fire('close', [connection]).heard)
    }
  }

  function committed(): Stored | undefined {
    return upgrading ? upgrading.before : stored
  }

  return {
    open: (life, request, version) => enqueue({ life, request, version, isAnnounced: false }),
    delete: (life, request) => enqueue({ life, request, version: null, isAnnounced: false }),
    goOn,
    closeAll,
    kill(life) {
      const [first] = jobs
      jobs = jobs.filter((job) => job.life !== life || (job === first && upgrading))
      // The browser has got what the page has sent, up to some point.
      let isReceived = true
      for (const transaction of transactions.filter((one) => one.life === life)) {
        if (transaction.isCommitting && isReceived) isReceived = scheduler.random() < 0.5
        if (!transaction.isCommitting || !isReceived) transaction.abort(null)
        else if (transaction.hasStarted) transaction.commitNow()
      }
      for (const connection of [...connections]) if (connection.life === life) close(connection)
      if (jobs[0] !== first) goOn()
    },
    version: () => committed()?.version,
    copy() {
      const there = committed()
      if (!there) return undefined
      const pending: Change[] = transactions.flatMap(({ changes }) => changes)
      const stores = [...there.stores].map(([id, records]) => [id, entriesWithout(records, pending)] as const)
      return { version: there.version, stores: new Map(stores) }
    },
    replace(copy) {
      closeAll()
      stored = copy && {
        version: copy.version,
        stores: new Map([...copy.stores].map(([id, entries]) => [id, { entries: [...entries] }])),
      }
    },
    usage: () => [...(stored?.stores.values() ?? [])].reduce((sum, records) => sum + usage(records), 0),
  }
}
