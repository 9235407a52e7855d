import { describe, expect, test } from 'vitest'
import { createTab, type Line, parseLine, tracked } from '../../test/operations.ts'
import {
  type Conductor,
  createConductor,
  createDisk,
  createMemoryWords,
  createParts,
  createRandom,
  newPage,
  type Parts,
  readAll,
  turn,
} from '../../test/parts.ts'
import type { LastWords } from '../core/last-words.ts'
import type { Store } from '../core/store.ts'
import { createMemoryStore } from '../edges/memory-store.ts'
import { type BufferOptions, createBuffer } from './buffer.ts'
import { createRetryingStore } from './retrying-store.ts'
import { createStamper, type Stamper, type TrackResult } from './stamping.ts'

interface Scene {
  memory: Store
  parts: Parts
  conductor: Conductor
  /** A page whose transactions get on step by step. */
  open: (tab: string, options?: Partial<BufferOptions>) => Stamper
  /** All that wait get on; then a page comes that drains. Resolves to the lines in the store. */
  finish: () => Promise<Line[]>
}

function createScene(): Scene {
  const memory = createMemoryStore()
  const parts = createParts({ store: createDisk(memory) })
  const conductor = createConductor()
  return {
    memory,
    parts,
    conductor,
    open: (tab, options) => createStamper({ ...newPage(parts), store: conductor.connect(memory, tab), ...options }),
    async finish() {
      await conductor.free()
      for (let time = 0; time < 2; time++) {
        createStamper(newPage(parts)).resume()
        await turn()
      }
      const { lines, raw } = await readAll(parts)
      expect(raw).toEqual([])
      return lines.map(parseLine)
    },
  }
}

const namesOf = (lines: Line[]) => lines.map(({ event }) => String(event))

/** Raw records as pages leave them behind. */
async function leaveBehind(parts: Parts, ...names: string[]): Promise<void> {
  for (const name of names) {
    const stamper = createStamper(newPage(parts))
    stamper.leave()
    await stamper.submit(tracked(name))
  }
}

/** Every order in which two tabs can take so many steps each. */
function interleavings(steps: number): string[] {
  const orders = (ones: number, others: number): string[] => {
    if (ones + others === 0) return ['']
    const first = ones ? orders(ones - 1, others).map((rest) => `A${rest}`) : []
    return others ? [...first, ...orders(ones, others - 1).map((rest) => `B${rest}`)] : first
  }
  return orders(steps, steps)
}

describe('raw records are stamped exactly once', () => {
  /** A transaction begins, commits, and is heard of. */
  const STEPS = 3

  test('when two tabs drain them at the same time, in whatever order they get on', async () => {
    await Promise.all(
      interleavings(STEPS).map(async (order) => {
        const { parts, conductor, open, finish } = createScene()
        await leaveBehind(parts, 'a', 'b', 'c')
        for (const tab of 'AB') open(tab).resume()
        await turn()
        for (const tab of order) await conductor.step(tab)
        expect([order, namesOf(await finish())]).toEqual([order, ['a', 'b', 'c']])
      }),
    )
  })

  test('when a page is left and another comes, in whatever order they get on', async () => {
    await Promise.all(
      interleavings(STEPS + 2).map(async (order, index) => {
        const { conductor, open, finish } = createScene()
        const [leaving, coming] = [open('A'), open('B')]
        leaving.submit(tracked('a'))
        await turn()
        const moment = index % order.length
        for (const [step, tab] of [...order].entries()) {
          if (step === moment) {
            leaving.submit(tracked('b'))
            leaving.leave()
            leaving.submit(tracked('c'))
            coming.resume()
          }
          await conductor.step(tab)
        }
        expect([order, namesOf(await finish())]).toEqual([order, ['a', 'b', 'c']])
      }),
    )
  })

  test('when another page leaves something between the two', async () => {
    await Promise.all(
      interleavings(STEPS).flatMap((order) =>
        [...order].map(async (_tab, moment) => {
          const { parts, conductor, open, finish } = createScene()
          await leaveBehind(parts, 'a', 'b')
          for (const tab of 'AB') open(tab).resume()
          await turn()
          for (const [step, tab] of [...order].entries()) {
            if (step === moment) leaveBehind(parts, 'c')
            await conductor.step(tab)
          }
          expect([order, namesOf(await finish())]).toEqual([order, ['a', 'b', 'c']])
        }),
      ),
    )
  })

  test.each([0, 1, 2, 3])('when the page that drains them dies after its step %i', async (steps) => {
    const { parts, conductor, open, finish } = createScene()
    await leaveBehind(parts, 'a', 'b')
    open('dying').resume()
    await turn()
    for (let step = 0; step < steps; step++) await conductor.step('dying')
    conductor.kill('dying')
    await turn()
    await leaveBehind(parts, 'c')
    expect(namesOf(await finish())).toEqual(['a', 'b', 'c'])
  })

  test.each([0, 1, 2, 3])('when the page that drains them leaves after its step %i, and comes back', async (steps) => {
    const { parts, conductor, open, finish } = createScene()
    await leaveBehind(parts, 'a', 'b')
    const stamper = open('A')
    stamper.resume()
    stamper.submit(tracked('c'))
    await turn()
    for (let step = 0; step < steps; step++) await conductor.step('A')
    stamper.leave()
    stamper.submit(tracked('d'))
    stamper.resume()
    stamper.submit(tracked('e'))
    expect(namesOf(await finish())).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('when whoever stamped them died twice before it took the last words away', async () => {
    const { parts, conductor, open, finish } = createScene()
    await leaveBehind(parts, 'a')
    for (const tab of ['first', 'second']) {
      open(tab).resume()
      await turn()
      for (let step = 0; step < 2; step++) await conductor.step(tab)
      conductor.kill(tab)
      await leaveBehind(parts, tab)
    }
    expect(namesOf(await finish())).toEqual(['a', 'first', 'second'])
  })
})

test('a transaction that fails and is run again after somebody else has drained keeps what it had taken', async () => {
  const parts = createParts()
  await leaveBehind(parts, 'a')
  const other = createStamper(newPage(parts))
  let attempts = 0
  let stamper: Stamper
  let result: Promise<unknown> | undefined
  // The connection is closed under the first attempt, and another tab comes in between.
  const store: BufferOptions['store'] = {
    mode: 'durable',
    transact: (work, options) => ({
      abort: () => false,
      done: (async () => {
        result ??= stamper.submit(tracked('b'))
        const attempt = parts.store.transact(async (transaction) => {
          const value = await work(transaction)
          if (++attempts === 1) throw new Error('closed')
          return value
        }, options)
        await attempt.done.catch(() => other.drain())
        return attempt.done.catch(() => parts.store.transact(work, options).done)
      })(),
    }),
    abortAll() {},
  }
  stamper = createStamper({ ...newPage(parts), store })
  stamper.drain()
  await turn()
  expect(await result).toEqual({ status: 'durable', seq: 2 })
  expect((await readAll(parts)).lines.map((line) => parseLine(line).event)).toEqual(['a', 'b'])
})

describe('whatever pages do', () => {
  /** What makes life hard in a run. */
  interface Trouble {
    /** Transactions fail now and then, or all that a page has under way. */
    failing?: boolean
    /** Last words can't be written now and then. */
    mute?: boolean
    /** Last words come to light late in other tabs, and again after they were removed. */
    fickle?: boolean
    /** The buffer is emptied now and then. */
    forgetting?: boolean
    /** Days go by. */
    aging?: boolean
  }

  interface Page {
    id: string
    stamper: Stamper
    store: ReturnType<Conductor['connect']>
    left: boolean
    /** Nobody hears any more what became of its calls. */
    dead: boolean
    tracked: Tracked[]
    /** What was stored for good when the page came. */
    before: Tracked[]
  }

  interface Tracked {
    name: string
    result?: TrackResult
    /** `kept`: exactly once. `maybe`: once at most. `gone`: it must not be there. */
    fate: 'kept' | 'maybe' | 'gone'
  }

  /** Last words as every page sees them, and what else a browser may do with them. */
  function createFickleWords(random: () => number, trouble: Trouble) {
    const said = createMemoryWords()
    const hidden = new Map<string, string>()
    const removed = new Map<string, string>()
    return {
      view: (tab: string): LastWords => ({
        write(id, text) {
          if (trouble.mute && random() < 0.3) return false
          // What a tab has said comes to light in its order.
          if (trouble.fickle && (random() < 0.5 || [...hidden.values()].includes(tab))) hidden.set(id, tab)
          return said.write(id, text)
        },
        read: () => said.read().filter(([id]) => (hidden.get(id) ?? tab) === tab),
        remove(ids) {
          const gone = new Set(ids)
          for (const [id, text] of said.read()) if (gone.has(id)) removed.set(id, text)
          said.remove(gone)
        },
      }),
      /** What one tab has said comes to light. */
      surface(tab?: string) {
        for (const [id, by] of hidden) if (by === (tab ?? by)) hidden.delete(id)
      },
      /** Some come again. */
      resurrect(share = 1) {
        for (const [id, text] of removed) if (random() < share) said.write(id, text)
      },
    }
  }

  async function play(seed: number, trouble: Trouble): Promise<void> {
    const random = createRandom(seed)
    const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]
    const { memory, parts, conductor, open, finish } = createScene()
    const { clock } = parts
    const words = createFickleWords(random, trouble)
    parts.lastWords = words.view('nobody')
    const all: Tracked[] = []
    const pages: Page[] = []
    let opened = 0
    let forgetting = 0

    const openPage = (): Page => {
      const id = `page ${++opened}`
      const store = conductor.connect(memory, id)
      const stamper = open(id, {
        tab: createTab(clock.now),
        store: createRetryingStore(store),
        lastWords: words.view(id),
        delay: turn,
      })
      const before = all.filter(({ result }) => result?.status === 'durable')
      const page: Page = { id, stamper, store, left: false, dead: false, tracked: [], before }
      pages.push(page)
      stamper.resume()
      return page
    }
    const track = (page: Page) => {
      const event: Tracked = { name: `e${all.length + 1}`, fate: forgetting > 0 ? 'maybe' : 'kept' }
      all.push(event)
      page.tracked.push(event)
      page.stamper.submit(tracked(event.name, { at: clock.now() })).then((result) => {
        if (!page.dead) event.result = result
      })
    }
    const forget = async () => {
      const before = [...all]
      clock.set(clock.now() + 1)
      forgetting++
      const store = conductor.connect(memory, `forget ${++opened}`)
      await createBuffer({ ...newPage(parts), store }).forget(parts.now())
      for (const event of before) event.fate = 'gone'
      clock.set(clock.now() + 1)
      forgetting--
    }
    const living = [openPage(), openPage()]
    const replace = (page: Page) => living.splice(living.indexOf(page), 1, openPage())

    for (let action = 0; action < 70; action++) {
      const page = pick(living) as Page
      const chance = random()
      if (chance < 0.5) await conductor.step(pick(conductor.waiting()) ?? page.id)
      else if (chance < 0.72) track(page)
      else if (chance < 0.78) {
        page.stamper.leave()
        page.left = true
      } else if (chance < 0.81) {
        page.stamper.maybeLeave()
        if (random() < 0.5) track(page)
      } else if (chance < 0.88) {
        if (page.left) page.stamper.resume()
        else page.stamper.drain()
        page.left = false
      } else if (chance < 0.91) {
        // It never comes back; what it has begun is ended by the browser.
        if (page.left) replace(page)
      } else if (chance < 0.94) {
        page.dead = true
        conductor.kill(page.id)
        for (const event of page.tracked)
          if (!event.result && !(page.left && !trouble.mute) && event.fate === 'kept') event.fate = 'maybe'
        await turn()
        replace(page)
      } else if (chance < 0.96) {
        if (trouble.failing && random() < 0.5)
          page.store.failures.push(...Array(Math.ceil(random() * 3)).fill(new Error('full')))
        else if (trouble.failing) await conductor.fail(page.id, new Error('closed'))
      } else if (chance < 0.98) {
        if (trouble.fickle && random() < 0.5) words.surface(pick(pages)?.id)
        else if (trouble.fickle) words.resurrect(0.3)
      } else if (trouble.forgetting) forget()
      else if (trouble.aging) {
        // No transaction takes that long.
        while (conductor.waiting().length > 0) await conductor.step(pick(conductor.waiting()) ?? '')
        clock.set(clock.now() + 50_000_000)
      }
    }

    await conductor.free()
    words.surface()
    // After a day they are not expected to come again.
    if (!trouble.aging) words.resurrect()
    await finish()
    if (!trouble.aging) words.resurrect()
    const lines = await finish()
    const stored = namesOf(lines)
    expect(stored).toEqual([...new Set(stored)])
    const fateOf = ({ fate, result }: Tracked) => (result?.status === 'dropped' ? 'gone' : fate)
    expect(all.filter((event) => fateOf(event) === 'gone' && stored.includes(event.name))).toEqual([])
    expect(all.filter((event) => fateOf(event) === 'kept' && !stored.includes(event.name))).toEqual([])

    for (const stream of Map.groupBy(lines, ({ streamId }) => streamId).values()) {
      const first = trouble.forgetting ? Number(stream[0]?.seq) : 1
      expect(stream.map(({ seq }) => seq)).toEqual(stream.map((_, index) => first + index))
    }
    // What is begun again comes later, and so does what nobody could see; an emptied buffer begins anew.
    if (trouble.failing || trouble.mute || trouble.fickle || trouble.forgetting) return
    for (const { tracked, before } of pages) {
      const own = tracked.map(({ name }) => name).filter((name) => stored.includes(name))
      expect(stored.filter((name) => own.includes(name))).toEqual(own)
      const earlier = before.map(({ name }) => stored.indexOf(name))
      if (own[0]) expect(stored.indexOf(own[0])).toBeGreaterThan(Math.max(-1, ...earlier))
    }
  }

  const seeds = Array.from({ length: Number(process.env.SEEDS ?? 60) }, (_, index) => index + 1)

  test.each<[trouble: string, Trouble]>([
    ['nothing goes wrong', {}],
    ['transactions fail', { failing: true }],
    ['last words can’t always be written', { mute: true }],
    ['transactions fail, and last words can’t always be written', { mute: true, failing: true }],
    ['last words come to light late, and come again', { fickle: true }],
    ['the buffer is emptied', { forgetting: true, fickle: true }],
    ['days go by', { aging: true }],
  ])('no event is lost or doubled, and order is kept, when %s', async (_trouble, trouble) => {
    const problems = await Promise.all(
      seeds.map((seed) =>
        play(seed, trouble).then(
          () => [],
          (error) => [`seed ${seed}: ${error.message}`],
        ),
      ),
    )
    expect(problems.flat()).toEqual([])
  })
})
