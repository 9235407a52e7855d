import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { BatchLog } from '@waybill/collector'
import type { FleetSettings } from './fleet-worker.ts'
import { freePort } from './free-port.ts'
import { createServerProcess } from './server-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** One collector of several: the Worker of `fleet-worker.ts` in a workerd of its own. */
export interface Member {
  /** Its origin; the same over restarts. */
  url: string
  /** SIGKILL, at once. Resolves when nothing listens any more. */
  kill(): Promise<void>
  /** Resolves when it is healthy. */
  start(settings: FleetSettings): Promise<void>
}

/** Collectors that share nothing but an R2 bucket. */
export interface Fleet extends AsyncDisposable {
  members: readonly Member[]
  /** What they logged of batches until now. */
  batchLogs(): BatchLog[]
  /** Everything that they printed. */
  logs(): string
  close(): Promise<void>
}

const APP = join(import.meta.dirname, '../../apps/collector')
const WRANGLER = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin/wrangler.js')
const MOST_TRIES = 5
const WORKER = join(import.meta.dirname, 'fleet-worker.ts')

export async function startFleet(settings: readonly FleetSettings[]): Promise<Fleet> {
  const storage = await temporaryFolder('fleet')
  const created = await Promise.all(settings.map(() => createMember(storage.path)))
  const logs = () => created.map((member) => member.logs()).join('')

  async function close(): Promise<void> {
    await Promise.all(created.map((member) => member.kill()))
    await storage[Symbol.asyncDispose]()
  }

  try {
    for (const [index, member] of created.entries()) await member.start(settings[index] as FleetSettings)
  } catch (error) {
    await close()
    throw error
  }
  return {
    members: created,
    batchLogs: () =>
      logs()
        .split('\n')
        .flatMap((line) => parseBatchLog(line) ?? []),
    logs,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Undefined for what wrangler prints, and for a line that its collector did not live to end. */
function parseBatchLog(line: string): BatchLog | undefined {
  try {
    return line.startsWith('{"at":') ? JSON.parse(line) : undefined
  } catch {
    return undefined
  }
}

/**
 * @param storage the folder that stands for R2: whoever writes there writes to the same bucket. Where two write at the same
 * moment one of them is told that it is locked: a fault of R2 that comes by itself.
 */
async function createMember(storage: string): Promise<Member & { logs(): string }> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const { logs, kill, start } = createServerProcess(url)
  return {
    url,
    logs,
    kill,
    async start(settings) {
      const command = {
        file: process.execPath,
        args: [
          ...[WRANGLER, 'dev', WORKER],
          ...['--config', join(APP, 'wrangler.jsonc')],
          ...['--port', String(port)],
          ...['--inspector-port', '0'],
          ...['--persist-to', storage],
          ...['--var', `FLEET:${JSON.stringify(settings)}`],
          '--show-interactive-dev-session=false',
        ],
        env: {
          // What it leaves behind when it is killed goes with its storage.
          TMPDIR: storage,
          WRANGLER_SEND_METRICS: 'false',
          WRANGLER_HIDE_BANNER: 'true',
          CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        },
      }
      for (let tries = 1; ; tries += 1) {
        const printed = logs().length
        const failure = await start(command).catch((error: unknown) => error)
        if (failure === undefined) return
        // workerd gives up when the bucket's files are locked as it starts.
        if (tries === MOST_TRIES || !logs().slice(printed).includes('SQLITE_BUSY')) throw failure
      }
    },
  }
}
