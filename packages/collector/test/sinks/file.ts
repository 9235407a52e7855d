import { mkdtempSync, rmSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { fileSink } from '../../src/node/file-sink.ts'
import type { Destination, SinkFixture } from '../sink-contract.ts'

/** Files on a real disk. */
export function create(): SinkFixture {
  const dir = mkdtempSync(join(tmpdir(), 'waybill-sink-'))
  const destination: Destination = {
    mode: 'works',
    async held({ header: { streamId, first, last }, keyId, receivedAt }) {
      const text = await readFile(join(dir, keyId, `dt=${receivedAt.slice(0, 10)}.ndjson`), 'utf8').catch(() => '')
      const batches: string[][] = []
      for (const line of text.split('\n').slice(0, -1)) {
        const { streamId: of, seq } = JSON.parse(line)
        if (of !== streamId || seq < first || seq > last) continue
        if (seq === first) batches.push([])
        batches.at(-1)?.push(line)
      }
      return batches
    },
  }
  const sink = fileSink({
    dir,
    async open(path, flags, mode) {
      if (destination.mode === 'fails') throw new Error('EIO: i/o error, open')
      if (destination.mode === 'hangs') await new Promise(() => {})
      return open(path, flags, mode)
    },
  })
  onTestFinished(async () => {
    if (destination.mode !== 'hangs') await sink.close()
    rmSync(dir, { recursive: true })
  })
  return { sink, destination, elsewhere: [fileSink({ dir: join(dir, 'elsewhere') })] }
}
