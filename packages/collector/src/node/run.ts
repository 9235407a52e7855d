import { resolve } from 'node:path'
import type { Origins } from '../core/allows-origin.ts'
import type { BatchLog } from '../core/batch-log.ts'
import type { Sink } from '../core/sink.ts'
import { createCollector } from '../create-collector.ts'
import { type FileSink, fileSink } from './file-sink.ts'
import { loadDefinition } from './load-definition.ts'
import { type ConfigSettings, type FileSettings, help, readSettings, type Settings } from './read-settings.ts'
import { type App, type RunningServer, startServer } from './start-server.ts'
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
        return await serve(call, { env, stdout, stderr, stopped })
    }
  } catch (error) {
    // A configuration file may have its own copy of the class.
    if (!(error instanceof Error && error.name === 'ConfigurationError')) throw error
    stderr.write(`waybill: ${error.message}\n`)
    return 2
  }
}

/** A collector, and what it takes to begin and to end. */
interface Servable {
  app: App
  /** What people are told of it, a name and lines each. */
  introduction: Readonly<Record<string, readonly string[]>>
  /** What it keeps open. */
  files: readonly Pick<FileSink, 'open' | 'close'>[]
}

async function serve(
  { port, host, collector, grace }: Settings,
  { env, stdout, stderr, stopped }: Omit<Surroundings, 'args'>,
): Promise<number> {
  const { app, introduction, files } =
    'config' in collector ? await configure(collector, env) : keepInFiles(collector, { stdout, stderr })
  const close = () => Promise.all(files.map((file) => file.close()))
  let server: RunningServer
  try {
    for (const file of files) await file.open()
    server = await startServer(app, { port, host })
  } catch (error) {
    await close()
    throw error
  }
  stderr.write(introduce(server, introduction))

  const reason = await stopped
  const closing = server.close(grace)
  stderr.write(`waybill: ${reason}, finishing what is in flight; once more to end at once\n`)
  const cutOff = await closing
  await close()
  stderr.write(
    cutOff === 0 ? 'waybill: done\n' : `waybill: cut off ${cutOff} in flight; their clients present them again\n`,
  )
  return cutOff === 0 ? 0 : 1
}

function keepInFiles(
  { dir, keys }: FileSettings,
  { stdout, stderr }: Pick<Surroundings, 'stdout' | 'stderr'>,
): Servable {
  const sink = fileSink({
    dir,
    onRepair: ({ path, bytes }) =>
      stderr.write(`waybill: cut ${bytes} bytes off ${path}, of a write that no client was told of\n`),
  })
  // As `logForMachines` does.
  const log = (entry: BatchLog) => (entry.status < 500 ? stdout : stderr).write(`${JSON.stringify(entry)}\n`)
  return {
    app: createCollector({ keys, sinks: [sink], log }),
    introduction: {
      'Write keys': keys.map(({ key, id, origins }) => `${key} (${id}), from ${describeOrigins(origins)}`),
      Events: [`${resolve(dir)}/<key id>/dt=<day>.ndjson`],
    },
    files: [sink],
  }
}

async function configure({ config, name }: ConfigSettings, env: Surroundings['env']): Promise<Servable> {
  const definition = await loadDefinition(config, name)
  const { app, options, describe } = definition.configure(env)
  const { sinks, deadLetter } = options
  const linesOf = (setting: string) => describe().flatMap((each) => (each.name === setting ? [each.value] : []))
  return {
    app,
    introduction: { 'Write keys': linesOf('keys'), Sinks: linesOf('sinks') },
    files: [...sinks, ...(deadLetter ? [deadLetter] : [])].filter(isFileSink),
  }
}

/** It takes its folder when it is opened, and lets go of it when it is closed. */
const isFileSink = (sink: Sink): sink is FileSink => 'open' in sink && 'close' in sink

function introduce({ url }: RunningServer, introduction: Servable['introduction']): string {
  const rows = Object.entries({ Endpoint: [`${url}/v1/events`], ...introduction })
  const lines = rows.flatMap(([name, values]) =>
    values.map((value, index) => `  ${(index === 0 ? name : '').padEnd(10)}  ${value}\n`),
  )
  return `\n  Waybill's collector is up.\n\n${lines.join('')}\n\n`
}

function describeOrigins(origins: Origins): string {
  if (typeof origins !== 'string') return origins.join(', ')
  return origins === 'localhost' ? 'any origin of this machine' : `any ${origins}`
}
