import { describe, expect, test } from 'vitest'
import { createStamper, type Stamper } from '../../src/flows/stamping.ts'
import { createDatabaseName, openStores } from '../databases.ts'
import { navigate, openPage } from '../host-page.ts'
import { deliver, leavePages, numbers, start } from '../leave-pages.ts'
import { createMint, parseLine, tracked } from '../operations.ts'
import { createParts, readAll } from '../parts.ts'
import { createSite, type Site } from '../site.ts'

describe('a page that is left by a link', () => {
  test.each(['early', 'late'] as const)(
    'keeps what it tracked just before, and in a listener that comes %s, exactly once and in order',
    async (listener) => {
      const { expected, stored } = await leavePages(listener)
      expect(stored).toEqual(expected)
    },
  )

  test('cuts nothing any more, and the next page sends each event once', async () => {
    const [site, name] = [createSite(), createDatabaseName()]
    const page = await openPage()
    const waybill = start(page, site, name)
    await waybill.flush()
    await waybill.track('a')
    page.window.addEventListener('pagehide', () => waybill.track('b'))
    await navigate(page)
    expect((await site.lines()).map(({ event }) => event)).not.toContain('b')
    expect(await deliver(site, name)).toEqual(['a', 'b'])
  })
})

test('a frame that is taken out of its page keeps what it tracked just before, exactly once', async () => {
  const [site, name] = [createSite(), createDatabaseName()]
  const expected: string[] = []
  for (const leave of numbers(1, 12)) {
    const page = await openPage()
    const waybill = start(page, site, name)
    await waybill.stats()
    for (const index of numbers(0, leave % 3)) {
      const event = `${leave}.${index}`
      expected.push(event)
      waybill.track(event)
    }
    page.frame.remove()
  }
  expect(await deliver(site, name)).toEqual(expected)
})

describe('the stamper on IndexedDB', () => {
  async function createScene() {
    const name = createDatabaseName()
    const parts = createParts({ ...openStores(name), mint: createMint() })
    const stamper = createStamper(parts)
    await stamper.submit(tracked('first'))
    const events = async () => {
      const { lines, raw } = await readAll(openStores(name))
      expect(raw).toEqual([])
      expect(lines.map((line) => parseLine(line).seq)).toEqual(numbers(1, lines.length))
      return lines.map((line) => parseLine(line).event)
    }
    const drain = async (next: Stamper) => {
      next.resume()
      await next.settled()
    }
    return { parts, stamper, events, drain }
  }

  test('wherever it is when the page is left, each event is stored exactly once and in order', async () => {
    const { stamper, events, drain } = await createScene()
    const expected = ['first']
    const submit = (event: string) => {
      expected.push(event)
      return stamper.submit(tracked(event))
    }
    for (const round of numbers(1, 60)) {
      const results = [submit(`${round}a`), submit(`${round}b`)]
      // A little later each time: while it reads, writes, commits, or has ended.
      for (let tick = 0; tick < (round % 12) * 3; tick++) await Promise.resolve()
      if (round % 3 === 0) await results[0]
      if (round % 5 === 0) await new Promise((resolve) => setTimeout(resolve))
      results.push(submit(`${round}c`))
      stamper.leave()
      expect((await Promise.all(results)).every(({ status }) => status === 'durable')).toBe(true)
      await drain(stamper)
    }
    expect(await events()).toEqual(expected)
  })

  test('several calls after the page was left, in one breath, keep their order', async () => {
    const { stamper, events, drain } = await createScene()
    const expected = ['first']
    for (const round of numbers(1, 10)) {
      const names = numbers(1, 5).map((index) => `${round}.${index}`)
      expected.push(...names)
      const before = stamper.submit(tracked(names[0] ?? ''))
      stamper.leave()
      const results = await Promise.all([before, ...names.slice(1).map((event) => stamper.submit(tracked(event)))])
      expect(results.every(({ status }) => status === 'durable')).toBe(true)
      await drain(stamper)
    }
    expect(await events()).toEqual(expected)
  })

  test('a page that comes while another is left drains what that one journals, once', async () => {
    const { parts, stamper, events, drain } = await createScene()
    const other = createStamper({ ...parts, tab: 'another tab' })
    const expected = ['first']
    for (const round of numbers(1, 20)) {
      const pending = [stamper.submit(tracked(`${round}a`))]
      stamper.leave()
      pending.push(stamper.submit(tracked(`${round}b`)))
      expected.push(`${round}a`, `${round}b`)
      await Promise.all([drain(other), drain(stamper)])
      await Promise.all(pending)
      await Promise.all([drain(other), drain(stamper)])
    }
    expect((await events()).toSorted()).toEqual(expected.toSorted())
  })
})

describe('a page that is left right after reset()', () => {
  /** What was tracked, by name, after the next page has come. */
  const deliverAll = async (site: Site, name: string) => {
    const next = start(await openPage(), site, name)
    await next.track('Next')
    expect(await next.flush()).toEqual({ recorded: true })
    await next.close()
    return new Map((await site.lines()).map((line) => [line.event, line]))
  }

  test('tracks for the next person from then on', async () => {
    const [site, name] = [createSite(), createDatabaseName()]
    const page = await openPage()
    const waybill = start(page, site, name)
    page.window.addEventListener('pagehide', () => waybill.track('Left'))
    await waybill.identify('ada')
    waybill.reset()
    await navigate(page)
    const events = await deliverAll(site, name)
    expect(events.get('Left')).not.toHaveProperty('userId')
    expect(events.get('Next')?.streamId).toBe(events.get('Left')?.streamId)
  })

  test('ends the person that it knows, whoever it stamped for last', async () => {
    const [site, name] = [createSite(), createDatabaseName()]
    const [page, other] = [await openPage(), await openPage()]
    const [waybill, others] = [start(page, site, name), start(other, site, name)]
    await waybill.track('a')
    await others.reset()
    await others.identify('bob')
    expect((await waybill.state()).userId).toBe('bob')
    waybill.reset()
    await navigate(page)
    expect((await deliverAll(site, name)).get('Next')).not.toHaveProperty('userId')
    await others.close()
  })
})
