import { describe, expect, onTestFinished, test } from 'vitest'
import { createSite, type Site } from '../../test/site.ts'
import type { createDeferredCopy } from './deferred-copy.ts'

const copyOf = (note: string) => `{"v":1,"copy":true}\n{"seq":1,"note":"${note}"}\n`
const small = copyOf('naïve ✓')
const large = copyOf('naïve ✓'.repeat(500))
/** Too much for the browser, however well it is compressed. */
const huge = copyOf(Array.from(crypto.getRandomValues(new Uint8Array(60_000))).join())

interface OpenPage {
  copy: ReturnType<typeof createDeferredCopy>
  window: Window & typeof globalThis
}

/** A page of its own that can be closed, with a copy to arm. */
async function openPage(site: Site): Promise<OpenPage> {
  const page = window.open('/blank.html') as OpenPage['window'] | null
  if (!page) throw new Error('no page was opened')
  onTestFinished(() => page.close())
  await expect.poll(() => page.location.pathname + page.document.readyState).toBe('/blank.htmlcomplete')
  const { createDeferredCopy: create } = await page.eval(`import('/src/edges/deferred-copy.ts')`)
  return { copy: create({ endpoint: site.endpoint, writeKey: 'wk_1' }), window: page }
}

/** Resolves when everything that was asked of the page before is done: compressing took no longer than this does. */
async function settle({ window: page }: OpenPage): Promise<void> {
  const stream = new page.Blob([huge, huge]).stream().pipeThrough(new page.CompressionStream('gzip'))
  await new page.Response(stream).arrayBuffer()
}

/** What came from a page that was closed; `marker` is a copy that a second page leaves after it. */
async function close(page: OpenPage, site: Site) {
  page.window.close()
  await expect.poll(() => page.window.closed).toBe(true)
  const other = await openPage(site)
  other.copy.arm(copyOf('last'))
  await settle(other)
  other.window.close()
  await expect.poll(async () => (await site.seen()).at(-1)?.body).toBe(copyOf('last'))
  return (await site.seen()).slice(0, -1)
}

test.runIf(navigator.userAgent.includes('Chrome'))('Chromium has what these tests are about', () => {
  expect(globalThis.fetchLater).toBeTypeOf('function')
})

describe.runIf(globalThis.fetchLater)('where the browser has fetchLater', () => {
  test.each([
    ['as it is', small, { key: 'wk_1' }],
    ['compressed', large, { key: 'wk_1', encoding: 'gzip' }],
  ])('a copy that was armed arrives when its page is closed, %s, and not before', async (_how, text, query) => {
    const site = createSite()
    const page = await openPage(site)
    page.copy.arm(text)
    await settle(page)
    expect(await site.seen()).toEqual([])
    const [request, ...more] = await close(page, site)
    expect(more).toEqual([])
    expect(request).toMatchObject({
      method: 'POST',
      path: `/${site.name}/v1/events`,
      query,
      body: text,
      headers: { 'content-type': 'text/plain' },
    })
    expect(request?.headers).not.toHaveProperty('cookie')
  })

  test('a copy that was taken back never arrives, whether or not it was ready', async () => {
    const site = createSite()
    const page = await openPage(site)
    page.copy.arm(small)
    await settle(page)
    page.copy.disarm()
    page.copy.arm(large)
    page.copy.disarm()
    await settle(page)
    expect(await close(page, site)).toEqual([])
  })

  test('of many copies the newest arrives', async () => {
    const site = createSite()
    const page = await openPage(site)
    for (const text of [copyOf('one'), large]) {
      page.copy.arm(text)
      await settle(page)
    }
    page.copy.arm(copyOf('three'))
    page.copy.arm(small)
    await settle(page)
    expect((await close(page, site)).map(({ body }) => body)).toEqual([small])
  })

  test('a copy that is too large is none, and takes the place of the one before', async () => {
    const site = createSite()
    const page = await openPage(site)
    page.copy.arm(small)
    await settle(page)
    page.copy.arm(huge)
    await settle(page)
    expect(await close(page, site)).toEqual([])
  })

  test('a page without it is left alone', async () => {
    const site = createSite()
    const page = await openPage(site)
    page.window.fetchLater = undefined
    page.copy.arm(small)
    page.copy.disarm()
    page.copy.arm(small)
    await settle(page)
    expect(await close(page, site)).toEqual([])
  })
})

test.each(['no url at all:', 'http://', 'javascript:alert(1)'])(
  'an endpoint that can’t be called is no trouble for the page: %s',
  async (endpoint) => {
    const faults: unknown[] = []
    const site = createSite()
    const page = await openPage(site)
    page.window.addEventListener('unhandledrejection', ({ reason }) => faults.push(reason))
    const { createDeferredCopy: create } = await page.window.eval(`import('/src/edges/deferred-copy.ts')`)
    const copy = create({ endpoint, writeKey: 'wk_1' })
    copy.arm(small)
    await settle(page)
    copy.disarm()
    expect(faults).toEqual([])
  },
)
