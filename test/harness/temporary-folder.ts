import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder extends AsyncDisposable {
  path: string
}

/** An empty folder that is gone with everything in it when it is disposed of. */
export async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `waybill-${name}-`))
  // A process that was just killed may still be letting go of its files.
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  return { path, [Symbol.asyncDispose]: remove }
}
