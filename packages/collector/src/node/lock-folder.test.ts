import { createHash } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from './lock-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

// On macOS the lock is a file, which Linux has, too.
for (const platform of process.platform === 'linux' ? ['linux', 'darwin'] : [process.platform]) {
  test(`a folder is one process's until it lets go: ${platform}`, async () => {
    const unlock = await lockFolder(folder, platform)
    expect(unlock).toBeDefined()
    expect(await lockFolder(folder, platform)).toBeUndefined()
    await unlock?.()
    const again = await lockFolder(folder, platform)
    expect(again).toBeDefined()
    await again?.()
  })
}

test.skipIf(process.platform === 'win32')(
  'a lock that a killed process has left as a file holds nobody up',
  async () => {
    const { dev, ino } = await stat(folder, { bigint: true })
    const name = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 16)
    await writeFile(join(tmpdir(), `waybill-${name}.sock`), '')
    const unlock = await lockFolder(folder, 'darwin')
    expect(unlock).toBeDefined()
    await unlock?.()
  },
)
