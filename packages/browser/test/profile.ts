import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Chromium keeps the profile that it is tested with: a visitor's IndexedDB is on the disk. */
export const profile: string = join(tmpdir(), `waybill-chromium-${process.pid}`)

/** Takes the profile away when all is over, Chromium too. */
export default function setup(): void {
  process.once('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
}
