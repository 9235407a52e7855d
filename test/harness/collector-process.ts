import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { createServerProcess } from './server-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Webhook {
  url: string
  secret: string
  format?: 'json' | 'ndjson'
}

/** The real Worker in workerd, started the way the first command of the README starts it. */
export interface CollectorProcess extends AsyncDisposable {
  /** Its origin; the same over restarts. */
  url: string
  /** The development write key, which takes any localhost origin. */
  writeKey: string
  /** All that it printed, over restarts. */
  logs(): string
  /** SIGKILL to the whole process group. Resolves when nothing listens any more. */
  kill(): Promise<void>
  /** Starts it again, on the same port and the same storage. Resolves when it is healthy. */
  restart(): Promise<void>
  close(): Promise<void>
}

const START = join(import.meta.dirname, '../../apps/collector/scripts/dev.ts')

export async function startCollector({ webhook }: { webhook?: Webhook } = {}): Promise<CollectorProcess> {
  const storage = await temporaryFolder('collector')
  const port = await freePort()
  const url = `http://localhost:${port}`
  const settings = {
    PORT: String(port),
    PERSIST_TO: storage.path,
    // What it leaves behind when it is killed goes with its storage.
    TMPDIR: storage.path,
    WEBHOOK_URL: webhook?.url,
    WEBHOOK_SECRET: webhook?.secret,
    WEBHOOK_FORMAT: webhook?.format,
  }
  const server = createServerProcess(url)
  const start = () => server.start({ file: process.execPath, args: [START], env: settings })

  async function close(): Promise<void> {
    await server.kill()
    await storage[Symbol.asyncDispose]()
  }

  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  const { logs, kill } = server
  return { url, writeKey: 'wk_dev', logs, kill, restart: start, close, [Symbol.asyncDispose]: close }
}
