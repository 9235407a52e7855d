import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Browser, chromium } from 'playwright'
import { chromiumFlags, findChromium } from '../browsers/find-chromium.ts'
import { startCollector } from '../harness/collector-process.ts'
import { readR2, type StoredObject } from '../harness/r2.ts'
import { serveShop } from './serve-shop.ts'
import type { Visitor } from './traffic.ts'
import { visit } from './visit.ts'

/**
 * Sends visitors through the shop: pages in real Chromium → the collector in workerd → R2. Then `folder` holds what the bucket
 * holds, each object under its key. Returns how many objects that are.
 */
export async function generateEvents(traffic: readonly Visitor[], folder: string): Promise<number> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('No Chromium found. `node test/ensure-browsers.ts` installs one.')
  // Node 22 has no `await using`.
  const opened: { close(): Promise<void> }[] = []
  const open = async <Part extends { close(): Promise<void> }>(part: Promise<Part>): Promise<Part> => {
    opened.unshift(await part)
    return part
  }
  try {
    const collector = await open(startCollector())
    const shop = await open(serveShop({ endpoint: collector.url }))
    const browser = await open(chromium.launch({ executablePath, args: chromiumFlags }))
    await Promise.all(traffic.map((visitor) => send(visitor, browser, shop.url)))
    const objects = await readR2(collector)
    await copy(objects, folder)
    return objects.length
  } finally {
    for (const part of opened) await part.close()
  }
}

/** Each has a profile of its own, from the first visit to the last. */
async function send({ name, visits }: Visitor, browser: Browser, shop: string): Promise<void> {
  const context = await browser.newContext()
  try {
    for (const each of visits) await visit(await context.newPage(), shop, each)
  } catch (error) {
    throw new Error(`Who ${name} could not go on`, { cause: error })
  }
}

async function copy(objects: readonly StoredObject[], folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  for (const { key, body } of objects) {
    const path = join(folder, key)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, body)
  }
}
