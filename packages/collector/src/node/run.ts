import { resolve } from 'node:path'
import type { Origins } from '../core/allows-origin.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { createCollector } from '../create-collector.ts'
import { fileSink } from './file-sink.ts'
import { help, readSettings, type Settings } from './read-settings.ts'
import { type RunningServer, startServer } from './start-server.ts'
import { version } from './version.ts'

/** What the program reads and writes, a process's own in real life. */
export interface Surroundings {
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown }
  /** Resolves when the program is to stop, with what says so. */
  stopped: Promise<string>
}

/** Runs the collector until it is stopped. Returns the exit code: 2 for a setting that cannot work, 1 for what was cut off. */
export async function run({ args, env, stdout, stderr, stopped }: Surroundings): Promise<number> {
  try {
    const call = readSettings(args, env)
    switch (call.kind) {
      case 'help':
        stdout.write(help)
        return 0
      case 'version':
        stdout.write(`${version}\n`)
        return 0
      case 'start':
        return await serve(call, { stdout, stderr, stopped })
    }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    stderr.write(`waybill: ${error.message}\n`)
    return 2
  }
}

async function serve(
  { port, host, dir, keys, grace }: Settings,
  { stdout, stderr, stopped }: Omit<Surroundings, 'args' | 'env'>,
): Promise<number> {
  const sink = fileSink({
    dir,
    onRepair: ({ path, bytes }) =>
      stderr.write(`waybill: cut ${bytes} bytes off ${path}, of a write that no client was told of\n`),
  })
  // A line a batch, for machines; what is for people goes to stderr.
  const log = (entry: object) => stdout.write(`${JSON.stringify(entry)}\n`)
  const collector = createCollector({ keys, sinks: [sink], log })
  await sink.open()
  let server: RunningServer
  try {
    server = await startServer(collector, { port, host })
  } catch (error) {
    await sink.close()
    throw error
  }
  stderr.write(introduce(server, resolve(dir), keys))

  const reason = await stopped
  const closing = server.close(grace)
  stderr.write(`waybill: ${reason}, finishing what is in flight; once more to end at once\n`)
  const cutOff = await closing
  await sink.close()
  stderr.write(
    cutOff === 0 ? 'waybill: done\n' : `waybill: cut off ${cutOff} in flight; their clients present them again\n`,
  )
  return cutOff === 0 ? 0 : 1
}

function introduce({ url }: RunningServer, dir: string, keys: Settings['keys']): string {
  const sites = keys.map(({ key, id, origins }) => `${key} (${id}), from ${describeOrigins(origins)}`)
  return `
  Waybill's collector is up.

  Endpoint    ${url}/v1/events
  Write keys  ${sites.join('\n              ')}
  Events      ${dir}/<key id>/dt=<day>.ndjson

`
}

function describeOrigins(origins: Origins): string {
  if (typeof origins !== 'string') return origins.join(', ')
  return origins === 'localhost' ? 'any origin of this machine' : `any ${origins}`
}
