import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** The collector as `npx @waybill/collector` runs it. */
export interface CollectorProgram extends AsyncDisposable {
  url: string
  pid: number
  writeKey: string
  signal(signal: NodeJS.Signals): void
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>
  /** What it printed for machines and for people. */
  stdout(): string
  stderr(): string
}

export const BIN: string = join(import.meta.dirname, '../../packages/collector/dist/bin.js')

/** Starts it on a free port, with files in `dir` or as `config` says, a file there. Rejects with what it printed when it ends before it is up. */
export async function startCollectorProgram(
  {
    dir,
    config,
    args = [],
    env = {},
  }: { dir: string; config?: string; args?: readonly string[]; env?: NodeJS.ProcessEnv },
  command: readonly [string, ...string[]] = [process.execPath, BIN],
): Promise<CollectorProgram> {
  const [program, ...rest] = command
  const child = spawn(
    program,
    [...rest, '--port', '0', ...(config === undefined ? ['--dir', dir] : ['--config', config]), ...args],
    {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    },
  )
  const exited = once(child, 'close').then(([code, signal]): number | NodeJS.Signals => code ?? signal)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
      const [, url] = /Endpoint\s+(\S+)\/v1\/events/.exec(stderr) ?? []
      if (url !== undefined) resolve(url)
    })
    exited.then((code) => reject(new Error(`It ended with ${code}. It printed:\n${stderr}`)))
  })
  return {
    url,
    pid: child.pid as number,
    writeKey: 'wk_dev',
    signal: (signal) => void child.kill(signal),
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
