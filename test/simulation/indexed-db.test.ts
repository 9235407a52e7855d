import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createIndexedDbStore } from '../../packages/browser/src/edges/indexed-db-store.ts'
import { settled } from '../../packages/browser/test/databases.ts'
import { indexedDbContract } from '../../packages/browser/test/indexed-db-contract.ts'
import { createRandom } from '../../packages/browser/test/parts.ts'
import { storeContract } from '../../packages/browser/test/store-contract.ts'
import { createSimulatedDisk } from './indexed-db.ts'
import { createScheduler, type Life } from './scheduler.ts'

const T0 = Date.parse('2026-11-22T10:00:00.000Z')

const seeds = Array.from({ length: 64 }, (_, seed) => seed)

const born = (): Life => ({ state: 'running' })

function createMachine(seed = 1) {
  const scheduler = createScheduler(T0, createRandom(seed))
  const disk = createSimulatedDisk({ scheduler })
  /** Lets time pass until it has come. */
  const until = async <Value>(awaited: Promise<Value>): Promise<Value> => {
    let isDone = false
    const done = () => {
      isDone = true
    }
    awaited.then(done, done)
    while (!isDone) await scheduler.pass(1)
    return awaited
  }
  const open = (life: Life): Promise<IDBDatabase> => {
    const request = disk.connect(life).open('events')
    request.onupgradeneeded = () => request.result.createObjectStore('records')
    return until(settled(request))
  }
  return { scheduler, disk, until, open }
}

/** One on which time passes as long as the test runs. */
function createRunningMachine(seed?: number) {
  const machine = createMachine(seed)
  let isOver = false
  onTestFinished(() => {
    isOver = true
  })
  const passTime = async () => {
    while (!isOver) {
      await machine.scheduler.pass(50)
      await setImmediate()
    }
  }
  passTime()
  return machine
}

indexedDbContract('the simulation', () => {
  const { scheduler, disk } = createRunningMachine()
  return { openPage: () => disk.connect(born()), rest: () => scheduler.delay(20) }
})

storeContract('the simulated IndexedDB', () => {
  const { scheduler, disk } = createRunningMachine()
  const life = born()
  return createIndexedDbStore({
    name: 'events',
    delay: (ms) => scheduler.delay(ms, life),
    mayCreate: () => true,
    indexedDB: disk.connect(life),
  })
})

/** Begins to write one record; resolves to how it ended. */
function write(database: IDBDatabase, key: string, { durability, value = 1 }: Partial<Writing> = {}) {
  const transaction = database.transaction('records', 'readwrite', { durability: durability ?? 'relaxed' })
  const store = transaction.objectStore('records')
  store.put(value, key)
  const end = new Promise<string>((resolve) => {
    transaction.oncomplete = () => resolve('complete')
    transaction.onabort = () => resolve(transaction.error?.name ?? 'aborted')
  })
  return { transaction, store, end }
}

interface Writing {
  durability: IDBTransactionDurability
  value: unknown
}

type Machine = ReturnType<typeof createMachine>

/** The keys that are committed, as one text; `none`: there is no database. */
const keysOf = ({ disk }: Machine): string =>
  disk
    .read('events')
    ?.map(([key]) => key)
    .join('') ?? 'none'

/** What becomes of it, over many seeds. */
async function outcomes(run: (machine: Machine) => Promise<string>): Promise<string[]> {
  const all = await Promise.all(seeds.map((seed) => run(createMachine(seed))))
  return [...new Set(all)].toSorted()
}

describe('a tab that is gone', () => {
  test('leaves nothing of what it had not asked to commit, and holds nobody up', async () => {
    const machine = createMachine()
    const { scheduler, disk, until, open } = machine
    const [gone, stays] = [born(), born()]
    const [theirs, ours] = [await open(gone), await open(stays)]
    // In the middle of what it does.
    write(theirs, 'a').store.get('a').onsuccess = () => disk.kill(gone)
    write(theirs, 'b')
    const { end } = write(ours, 'c')
    expect(await until(end)).toBe('complete')
    await scheduler.pass(1_000)
    expect(keysOf(machine)).toBe('c')
  })

  test('leaves what it has asked to commit up to some transaction, or all of it, or nothing', async () => {
    const kept = await outcomes(async (machine) => {
      const life = born()
      const database = await machine.open(life)
      for (const key of 'abc') write(database, key).transaction.commit()
      machine.disk.kill(life)
      await machine.scheduler.pass(1_000)
      return keysOf(machine)
    })
    expect(kept).toEqual(['', 'a', 'ab', 'abc'])
  })

  test('may have gone before it heard of a commit', async () => {
    const ends = await outcomes(async (machine) => {
      const life = born()
      const { end } = write(await machine.open(life), 'a')
      let heard = 'nothing'
      end.then((how) => {
        heard = how
      })
      machine.scheduler.after(3, () => machine.disk.kill(life))
      await machine.scheduler.pass(1_000)
      return `${heard} ${keysOf(machine)}`
    })
    expect(ends).toEqual(['complete a', 'nothing ', 'nothing a'])
  })

  test('hears nothing any more, and begins nothing', async () => {
    const { scheduler, disk, open } = createMachine()
    const life = born()
    const database = await open(life)
    const heard: string[] = []
    const { store, transaction, end } = write(database, 'a')
    end.then((how) => heard.push(how))
    disk.kill(life)
    expect(() => store.put(1, 'b')).toThrow('not active')
    expect(() => transaction.abort()).toThrow('too late')
    expect(() => write(database, 'c')).toThrow('closing')
    disk.connect(life).open('another').onupgradeneeded = () => heard.push('opened')
    await scheduler.pass(1_000)
    expect(heard).toEqual([])
    expect(disk.read('another')).toBeUndefined()
  })

  test('leaves no database that it was creating, and the next tab creates it', async () => {
    const machine = createMachine()
    const { scheduler, disk, open } = machine
    const life = born()
    const request = disk.connect(life).open('events')
    request.onupgradeneeded = () => {
      request.result.createObjectStore('half')
      disk.kill(life)
    }
    await scheduler.pass(10)
    expect(life.state).toBe('gone')
    expect(keysOf(machine)).toBe('none')
    expect([...(await open(born())).objectStoreNames]).toEqual(['records'])
  })

  test('stands in the way of no deletion, and its own deletion in nobody’s', async () => {
    const machine = createMachine()
    const { scheduler, disk, until, open } = machine
    const [holder, deleter] = [born(), born()]
    await open(holder)
    disk.connect(deleter).deleteDatabase('events')
    const deletion = disk.connect(born()).deleteDatabase('events')
    await scheduler.pass(1_000)
    expect(keysOf(machine)).toBe('')
    disk.kill(deleter)
    await scheduler.pass(1_000)
    expect(keysOf(machine)).toBe('')
    disk.kill(holder)
    await until(settled(deletion))
    expect(keysOf(machine)).toBe('none')
  })
})

describe('a loss of power', () => {
  test('takes the latest of what was committed since the last strict commit, and nothing before it', async () => {
    const left = await outcomes(async (machine) => {
      const { disk, until, open } = machine
      const life = born()
      const database = await open(life)
      await until(write(database, 'a').end)
      await until(write(database, 'b', { durability: 'strict' }).end)
      for (const key of 'cd') await until(write(database, key).end)
      disk.kill(life)
      disk.losePower()
      return keysOf(machine)
    })
    expect(left).toEqual(['ab', 'abc', 'abcd'])
  })

  test('may take the database, if nothing was strict', async () => {
    const left = await outcomes(async (machine) => {
      const { disk, until, open } = machine
      const life = born()
      await until(write(await open(life), 'a').end)
      disk.kill(life)
      disk.losePower()
      return keysOf(machine)
    })
    expect(left).toEqual(['', 'a', 'none'])
  })

  test('takes back a replacement and a deletion, too', async () => {
    const left = await outcomes(async ({ disk, until, open }) => {
      const life = born()
      const database = await open(life)
      await until(write(database, 'a', { value: 'old', durability: 'strict' }).end)
      await until(write(database, 'a', { value: 'new' }).end)
      const { store, end } = write(database, 'b')
      store.delete(IDBKeyRange.bound('a', 'b'))
      await until(end)
      disk.kill(life)
      disk.losePower()
      return JSON.stringify(disk.read('events'))
    })
    expect(left).toEqual(['[["a","new"]]', '[["a","old"]]', '[]'])
  })

  test('takes nothing that has survived another', async () => {
    for (const seed of seeds) {
      const machine = createMachine(seed)
      const { disk, until, open } = machine
      const life = born()
      await until(write(await open(life), 'a').end)
      disk.kill(life)
      disk.losePower()
      const survived = keysOf(machine)
      disk.losePower()
      expect(keysOf(machine)).toBe(survived)
    }
  })

  test('leaves nothing of what was still to be committed', async () => {
    const machine = createMachine()
    const { scheduler, disk, until, open } = machine
    const [first, second] = [born(), born()]
    const [one, other] = [await open(first), await open(second)]
    await until(write(one, 'a', { durability: 'strict' }).end)
    write(one, 'b')
    write(other, 'c').transaction.commit()
    disk.kill(second)
    disk.kill(first)
    disk.losePower()
    const survived = keysOf(machine)
    await scheduler.pass(1_000)
    expect(keysOf(machine)).toBe(survived)
  })
})

describe('a copy', () => {
  test('holds what is committed, and nothing that runs or comes later; one may go back to it again and again', async () => {
    const machine = createMachine()
    const { disk, until, open } = machine
    const database = await open(born())
    await until(write(database, 'a', { value: 'old' }).end)
    const { store, end } = write(database, 'b')
    store.put('new', 'a')
    let copy = disk.copy()
    let read: unknown
    store.get('b').onsuccess = () => {
      copy = disk.copy()
      read = disk.read('events')
    }
    await until(end)
    expect(read).toEqual([['a', 'old']])
    expect(keysOf(machine)).toBe('ab')
    for (const key of 'cd') {
      disk.restore(copy)
      expect(disk.read('events')).toEqual([['a', 'old']])
      await until(write(await open(born()), key).end)
      expect(keysOf(machine)).toBe(`a${key}`)
    }
  })

  test('has no database that was made later, and closes the connections under their pages', async () => {
    const machine = createMachine()
    const { scheduler, disk, open } = machine
    const copy = disk.copy()
    const database = await open(born())
    let closed = 0
    database.onclose = () => closed++
    disk.restore(copy)
    expect(keysOf(machine)).toBe('none')
    await scheduler.pass(10)
    expect(closed).toBe(1)
  })
})

describe('a disk that is full', () => {
  test('aborts what makes more of it when that commits, keeps what was there, and takes less of it', async () => {
    const machine = createMachine()
    const { disk, until, open } = machine
    const database = await open(born())
    await until(write(database, 'a', { value: 'x'.repeat(1_000) }).end)
    disk.setRoom(1_100)
    const full = write(database, 'b', { value: 'y'.repeat(200) })
    expect(await until(settled(full.store.get('b')))).toHaveLength(200)
    expect(await until(full.end)).toBe('QuotaExceededError')
    expect(keysOf(machine)).toBe('a')
    disk.setRoom(0)
    expect(await until(write(database, 'a', { value: 'x'.repeat(900) }).end)).toBe('complete')
    disk.setRoom(1_100)
    expect(await until(write(database, 'b', { value: 'z'.repeat(100) }).end)).toBe('complete')
    disk.setRoom(0)
    const { transaction, store, end } = write(database, 'c')
    store.delete(IDBKeyRange.bound('a', 'c'))
    transaction.commit()
    expect(await until(end)).toBe('complete')
    expect(keysOf(machine)).toBe('')
  })

  test('has room again when somebody makes some', async () => {
    const { disk, until, open } = createMachine()
    const database = await open(born())
    disk.setRoom(0)
    expect(await until(write(database, 'a').end)).toBe('QuotaExceededError')
    disk.setRoom(undefined)
    expect(await until(write(database, 'a').end)).toBe('complete')
  })
})

describe('a browser that closes connections under their pages', () => {
  test('aborts what runs; the page hears of it, begins nothing on them, and opens another', async () => {
    const machine = createMachine()
    const { scheduler, disk, open } = machine
    const life = born()
    const database = await open(life)
    const heard: string[] = []
    database.onclose = () => heard.push('close')
    for (const key of 'ab') write(database, key).end.then((how) => heard.push(how))
    disk.closeAll()
    expect(() => write(database, 'c')).toThrow('closing')
    await scheduler.pass(1_000)
    expect(heard).toEqual(['AbortError', 'AbortError', 'close'])
    expect(keysOf(machine)).toBe('')
    await machine.until(write(await open(life), 'd').end)
    expect(keysOf(machine)).toBe('d')
  })

  test('does so to whoever is creating one', async () => {
    const { scheduler, disk, until, open } = createMachine()
    const request = disk.connect(born()).open('events')
    request.onupgradeneeded = () => disk.closeAll()
    await expect(until(settled(request))).rejects.toThrow('aborted')
    await scheduler.pass(1_000)
    expect((await open(born())).version).toBe(1)
  })

  test('deletes the databases as well, when the site’s data is cleared', async () => {
    const machine = createMachine()
    const { scheduler, disk, until, open } = machine
    const database = await open(born())
    await until(write(database, 'a').end)
    let closed = 0
    database.onclose = () => closed++
    disk.clear()
    expect(keysOf(machine)).toBe('none')
    expect(() => write(database, 'c')).toThrow('closing')
    await scheduler.pass(10)
    expect(closed).toBe(1)
    expect(await until(disk.connect(born()).databases())).toEqual([])
    await open(born())
    expect(keysOf(machine)).toBe('')
  })
})

describe('a tab that is frozen', () => {
  test('holds everybody up with a transaction that writes, until it is thawed', async () => {
    const machine = createMachine()
    const { scheduler, open } = machine
    const [frozen, other] = [born(), born()]
    const [theirs, ours] = [await open(frozen), await open(other)]
    const heard: string[] = []
    write(theirs, 'a').end.then(() => heard.push('theirs'))
    write(ours, 'b').end.then(() => heard.push('ours'))
    frozen.state = 'frozen'
    await scheduler.pass(600_000)
    expect([heard, keysOf(machine)]).toEqual([[], ''])
    scheduler.thaw(frozen)
    await scheduler.pass(1_000)
    expect(heard.toSorted()).toEqual(['ours', 'theirs'])
    expect(keysOf(machine)).toBe('ab')
  })

  test('or until it is gone', async () => {
    const machine = createMachine()
    const { scheduler, disk, until, open } = machine
    const [frozen, other] = [born(), born()]
    const [theirs, ours] = [await open(frozen), await open(other)]
    write(theirs, 'a')
    const { end } = write(ours, 'b')
    frozen.state = 'frozen'
    await scheduler.pass(600_000)
    expect(keysOf(machine)).toBe('')
    disk.kill(frozen)
    await until(end)
    expect(keysOf(machine)).toBe('b')
  })

  test('holds nobody up with what it has asked to commit, and hears of it later', async () => {
    const machine = createMachine()
    const { scheduler, until, open } = machine
    const [frozen, other] = [born(), born()]
    const [theirs, ours] = [await open(frozen), await open(other)]
    const heard: string[] = []
    const { transaction, end } = write(theirs, 'a')
    transaction.commit()
    end.then((how) => heard.push(how))
    frozen.state = 'frozen'
    await until(write(ours, 'b').end)
    expect([heard, keysOf(machine)]).toEqual([[], 'ab'])
    scheduler.thaw(frozen)
    await scheduler.pass(1_000)
    expect(heard).toEqual(['complete'])
  })

  test('does not hear that somebody wants to delete the database', async () => {
    const machine = createMachine()
    const { scheduler, disk, until, open } = machine
    const frozen = born()
    const database = await open(frozen)
    database.onversionchange = () => database.close()
    frozen.state = 'frozen'
    const deletion = disk.connect(born()).deleteDatabase('events')
    await scheduler.pass(600_000)
    expect(keysOf(machine)).toBe('')
    scheduler.thaw(frozen)
    await until(settled(deletion))
    expect(keysOf(machine)).toBe('none')
  })
})

test('while opening hangs nobody is answered, and everybody is when it does no more', async () => {
  const { scheduler, disk, until } = createMachine()
  disk.hang = true
  const request = disk.connect(born()).open('events')
  let isOpen = false
  const opened = settled(request).then(() => {
    isOpen = true
  })
  await scheduler.pass(600_000)
  expect([isOpen, disk.read('events')]).toEqual([false, undefined])
  disk.hang = false
  await until(opened)
  expect(isOpen).toBe(true)
})

test('the same seed gives the same history, and another seed another', async () => {
  const tell = async (seed: number) => {
    const { scheduler, disk, open } = createMachine(seed)
    const told: string[] = []
    const tabs = [born(), born(), born()]
    const databases = await Promise.all(tabs.map(open))
    for (const [tab, database] of databases.entries()) {
      for (let times = 0; times < 20; times++) {
        scheduler.after(
          scheduler.random() * 50,
          () => {
            const { store, end } = write(database, `${tab}`)
            const request = store.count()
            request.onsuccess = () => told.push(`${scheduler.now()} ${tab} ${request.result}`)
            end.then((how) => told.push(`${scheduler.now()} ${tab} ${how}`))
          },
          tabs[tab] as Life,
        )
      }
    }
    scheduler.after(25, () => disk.kill(tabs[0] as Life))
    await scheduler.pass(1_000)
    return { told, steps: scheduler.steps, copy: disk.copy() }
  }
  const history = await tell(1)
  expect(history.told.length).toBeGreaterThan(60)
  expect(await tell(1)).toEqual(history)
  expect(await tell(2)).not.toEqual(history)
})
