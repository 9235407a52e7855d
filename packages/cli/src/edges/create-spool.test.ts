import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createSpool } from './create-spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function read(spool: ReturnType<typeof createSpool>): number[] {
  const bytes: number[] = []
  for (const block of spool.read()) bytes.push(...block)
  return bytes
}

test('what does not fit into memory comes back from a file, in order, as often as it is asked for', () => {
  const spool = createSpool(folder, 10)
  const bytes = Array.from({ length: 250 }, (_, index) => index)
  for (let at = 0; at < bytes.length; at += 4) spool.append(Uint8Array.from(bytes.slice(at, at + 4)))
  expect(read(spool)).toEqual(bytes)
  expect(read(spool)).toEqual(bytes)
  // No block ends within what was appended at once.
  for (const block of spool.read()) expect([0, 2]).toContain(block.length % 4)
  spool.close()
})

test('nothing is left in the folder, neither when it is closed nor when the process is killed before', () => {
  const spool = createSpool(folder, 10)
  for (let index = 0; index < 9; index++) spool.append(new Uint8Array(4))
  if (process.platform !== 'win32') expect(readdirSync(folder)).toEqual([])
  spool.close()
  expect(readdirSync(folder)).toEqual([])
})

test('a little needs no file', () => {
  const spool = createSpool('/there/is/no/such/folder', 10)
  spool.append(Uint8Array.of(1, 2))
  expect(read(spool)).toEqual([1, 2])
  spool.close()
})

test('where no file can be written the reason is thrown', () => {
  const spool = createSpool('/there/is/no/such/folder', 4)
  spool.append(new Uint8Array(4))
  expect(() => spool.append(new Uint8Array(4))).toThrow(/set TMPDIR to a folder with room. ENOENT/)
})
