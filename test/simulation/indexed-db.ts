import { compareKeys } from './indexed-db/compare-keys.ts'
import { createDatabase, type Database, type DatabaseCopy } from './indexed-db/database.ts'
import { provideKeyRange, toKey } from './indexed-db/key-range.ts'
import { growth } from './indexed-db/records.ts'
import { createRequest } from './indexed-db/request.ts'
import { createTasks, type Tasks } from './indexed-db/tasks.ts'
import type { Life, Scheduler } from './scheduler.ts'

type DiskCopy = ReadonlyMap<string, DatabaseCopy>

/**
 * The IndexedDB of one site, for as many tabs as there are, in virtual time. It does what the contract of IndexedDB says
 * (`indexed-db-contract.ts`, which browsers keep as well), and what browsers do to a page besides.
 */
export interface SimulatedDisk {
  /** What a tab sees. Whatever it hears is an event that belongs to this life. */
  connect: (life: Life) => IDBFactory
  /**
   * The tab is gone at this instant. What it has not asked to commit is undone and holds nobody up; what it has may be
   * kept, up to some transaction, or undone: chance decides.
   */
  kill: (life: Life) => void
  /**
   * The machine loses power: of what was committed since the last strict commit, the latest may be undone; chance decides
   * how much. Every life must be gone.
   */
  losePower: () => void
  /** What is committed. Later changes do not show in it. */
  copy: () => DiskCopy
  /** Goes back to a copy: a profile that was restored from a backup. Connections are closed. */
  restore: (copy: DiskCopy) => void
  /**
   * Says how many bytes fit; undefined: any number. A transaction that makes more of it than fits aborts when it commits,
   * with a `QuotaExceededError`.
   */
  setRoom: (bytes: number | undefined) => void
  /** The visitor clears the site's data: every database is gone, and the connections are closed under their pages. */
  clear: () => void
  /** The browser closes every connection under its page, as Safari does: what runs is aborted. */
  closeAll: () => void
  /** While true, whoever opens a database waits (WebKit bug 226547). */
  hang: boolean
  /** What is committed in a database's one object store, in key order; undefined: there is no such database. Not to be changed. */
  read: (name: string) => [key: IDBValidKey, value: unknown][] | undefined
}

export interface SimulatedDiskOptions {
  scheduler: Scheduler
  /** How long an answer or a commit takes. In ms; default: up to 2. */
  latency?: () => number
}

export function createSimulatedDisk({
  scheduler,
  latency = () => scheduler.random() * 2,
}: SimulatedDiskOptions): SimulatedDisk {
  provideKeyRange()
  const databases = new Map<string, Database>()
  const tasks = new WeakMap<Life, Tasks>()
  let room: number | undefined
  let isHanging = false
  /** What takes back each commit that a loss of power could take, the oldest first. */
  let unsafe: (() => void)[] = []

  function tasksOf(life: Life): Tasks {
    const known = tasks.get(life) ?? createTasks(scheduler, life)
    tasks.set(life, known)
    return known
  }

  const disk = {
    scheduler,
    latency,
    tasksOf,
    isHanging: () => isHanging,
    refuse(changes: Parameters<typeof growth>[0]): DOMException | undefined {
      if (room === undefined || growth(changes) <= 0) return undefined
      const used = [...databases.values()].reduce((sum, { usage }) => sum + usage(), 0)
      return used > room ? new DOMException('The disk is full.', 'QuotaExceededError') : undefined
    },
    commit(undo: () => void, durability: IDBTransactionDurability): void {
      if (durability === 'strict') unsafe = []
      else unsafe.push(undo)
    },
  }

  function databaseOf(name: string): Database {
    const database = databases.get(name) ?? createDatabase(name, disk)
    databases.set(name, database)
    return database
  }

  const list = (): IDBDatabaseInfo[] =>
    [...databases].flatMap(([name, database]) => {
      const version = database.version()
      return version === undefined ? [] : [{ name, version }]
    })

  function copy(): DiskCopy {
    const copies = new Map<string, DatabaseCopy>()
    for (const [name, database] of databases) {
      const there = database.copy()
      if (there) copies.set(name, there)
    }
    return copies
  }

  function restore(copies: DiskCopy): void {
    for (const name of copies.keys()) databaseOf(name)
    for (const [name, database] of databases) database.replace(copies.get(name))
    unsafe = []
  }

  function closeAll(): void {
    for (const database of databases.values()) database.closeAll()
  }

  return {
    connect(life) {
      const factory: Pick<IDBFactory, 'open' | 'deleteDatabase' | 'databases' | 'cmp'> = {
        open(name, version) {
          const request = createRequest()
          databaseOf(name).open(life, request, version)
          return request as unknown as IDBOpenDBRequest
        },
        deleteDatabase(name) {
          const request = createRequest()
          databaseOf(name).delete(life, request)
          return request as unknown as IDBOpenDBRequest
        },
        databases: () =>
          new Promise((resolve) => {
            tasksOf(life).post(latency(), () => {
              resolve(list())
              return true
            })
          }),
        cmp: (one, other) => Math.sign(compareKeys(toKey(one), toKey(other))),
      }
      return factory as IDBFactory
    },
    kill(life) {
      life.state = 'gone'
      for (const database of databases.values()) database.kill(life)
    },
    losePower() {
      // Nobody commits any more what was still to be committed.
      closeAll()
      const lost = Math.floor(scheduler.random() * (unsafe.length + 1))
      for (const undo of unsafe.splice(unsafe.length - lost).toReversed()) undo()
      // What has survived is on the disk.
      unsafe = []
    },
    copy,
    restore,
    setRoom(bytes) {
      room = bytes
    },
    clear: () => restore(new Map()),
    closeAll,
    get hang() {
      return isHanging
    },
    set hang(hangs) {
      isHanging = hangs
      if (hangs) return
      for (const database of databases.values()) database.goOn()
    },
    read(name) {
      const [entries] = databases.get(name)?.copy()?.stores.values() ?? []
      return entries?.map(({ key, value }) => [key as IDBValidKey, value])
    },
  }
}
