import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { killGroup } from './kill-group.ts'
import { type Leashed, spawnLeashed } from './spawn-leashed.ts'
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
const START_TIMEOUT = 45_000

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
  let printed = ''
  let running: Leashed | undefined

  async function start(): Promise<void> {
    const child = spawnLeashed(process.execPath, [START], settings)
    running = child
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
    }
    const deadline = Date.now() + START_TIMEOUT
    while (!(await isHealthy(url))) {
      const ended = child.exitCode !== null || child.signalCode !== null
      if (ended || Date.now() > deadline) {
        await kill()
        throw new Error(`The collector ${ended ? 'ended' : 'was not healthy in time'}. It printed:\n${printed}`)
      }
      await sleep(50)
    }
  }

  async function kill(): Promise<void> {
    const child = running
    running = undefined
    if (!child) return
    killGroup(child.pid)
    while (await isListening(url)) await sleep(10)
  }

  async function close(): Promise<void> {
    await kill()
    await storage[Symbol.asyncDispose]()
  }

  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return { url, writeKey: 'wk_dev', logs: () => printed, kill, restart: start, close, [Symbol.asyncDispose]: close }
}

const isHealthy = (url: string) =>
  fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })
    .then(async (response) => {
      await response.arrayBuffer()
      return response.ok
    })
    .catch(() => false)

const isListening = (url: string) =>
  fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  )
