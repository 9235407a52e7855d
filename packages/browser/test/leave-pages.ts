import { expect } from 'vitest'
import type { Waybill, WaybillOptions } from '../src/index.ts'
import { createDatabaseName, openStores } from './databases.ts'
import { type HostPage, navigate, openPage } from './host-page.ts'
import { readAll } from './parts.ts'
import { createSite, type Site } from './site.ts'

export const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

export const start = (page: HostPage, site: Site, name: string, options: Partial<WaybillOptions> = {}): Waybill =>
  page.window.createWaybill({
    endpoint: site.endpoint,
    writeKey: 'wk_1',
    name,
    flushAt: 10_000,
    flushInterval: 60_000,
    ...options,
  })

/** The events of a buffer after the next page has come, as [name, seq]. */
export async function deliver(site: Site, name: string): Promise<(string | undefined)[]> {
  const waybill = start(await openPage(), site, name)
  await waybill.track('next')
  expect(await waybill.flush()).toEqual({ recorded: true })
  await waybill.close()
  const lines = await site.lines()
  expect(lines.map(({ seq }) => seq)).toEqual(numbers(1, lines.length))
  expect((await readAll(openStores(name))).raw).toEqual([])
  return lines.map(({ event }) => event).filter((event) => event !== 'next')
}

/** Leaves a number of pages, each of which tracks before, and in a listener that comes before or after the SDK's own. */
export async function leavePages(listener: 'early' | 'late') {
  const [site, name] = [createSite(), createDatabaseName()]
  const expected: string[] = []
  for (const leave of numbers(1, 16)) {
    const page = await openPage()
    const track = (event: string) => {
      expected.push(event)
      waybill.track(event)
    }
    const listen = () =>
      page.window.addEventListener('pagehide', () => {
        track(`${leave} ${listener} a`)
        track(`${leave} ${listener} b`)
      })
    if (listener === 'early') listen()
    const waybill = start(page, site, name)
    await waybill.stats()
    if (listener === 'late') listen()
    for (const index of numbers(1, leave % 4)) track(`${leave} before ${index}`)
    await navigate(page)
  }
  return { expected, stored: await deliver(site, name) }
}
