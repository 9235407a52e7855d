import { setTimeout as sleep } from 'node:timers/promises'
import { killGroup } from './kill-group.ts'
import { type Leashed, spawnLeashed } from './spawn-leashed.ts'

interface Command {
  file: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
}

/** A process group that serves HTTP at one origin: it may be killed at any instant, and started again. */
export interface ServerProcess {
  /** All that it printed, over restarts. */
  logs(): string
  /** Resolves when its `/health` answers. */
  start(command: Command): Promise<void>
  /** SIGKILL to the whole group, at once. Resolves when nothing listens any more. */
  kill(): Promise<void>
}

const START_TIMEOUT = 45_000

export function createServerProcess(url: string): ServerProcess {
  let printed = ''
  let running: Leashed | undefined

  async function start({ file, args, env }: Command): Promise<void> {
    const child = spawnLeashed(file, args, env)
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

  return { logs: () => printed, start, kill }
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
