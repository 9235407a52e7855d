import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../harness/free-port.ts'
import type { AppName } from './apps.ts'

/** Which core the servers have to themselves, and which one the load and the sink share. */
const cores = { servers: 0, load: 1 } as const

/** What is measured, by a name that says what it is and where it runs. */
export interface Server {
  name: ServerName
  pid: number
  port: number
  /** Whether the second presentation of a batch is another thing for it than the first. */
  knowsRepeats: boolean
  stop(): Promise<void>
}

export type Runtime = 'node' | 'workerd'
export type ServerName = `${AppName} ${Runtime}` | 'nginx'

const here = import.meta.dirname
const toWrangler = createRequire(import.meta.url).resolve('wrangler/package.json')

export const canPin: boolean = spawnSync('taskset', ['--version']).status === 0

/** Keeps this process off the servers' core. */
export function pinLoad(): void {
  if (canPin) spawnSync('taskset', ['-a', '-cp', String(cores.load), String(process.pid)])
}

/** So that a server that is pinned stays so from its first thread on. */
function spawnPinned(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, stdout = 'pipe' as const) {
  const nothing = openSync('/dev/null', 'w')
  const [command, ...rest] = canPin ? ['taskset', '-c', String(cores.servers), file, ...args] : [file, ...args]
  // taskset becomes the program: the process id stays.
  return spawn(command as string, rest, { stdio: ['ignore', stdout, nothing], env: { ...process.env, ...env } })
}

function toServer(name: ServerName, child: ChildProcess, port: number): Server {
  const exited = once(child, 'exit')
  // Whatever ends this process, but a SIGKILL, ends its servers.
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  exited.then(() => process.off('exit', end))
  return {
    name,
    pid: child.pid as number,
    port,
    knowsRepeats: name.startsWith('waybill'),
    async stop() {
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exited
      clearTimeout(patience)
    },
  }
}

/** @param args of Node, before the program */
export async function startInNode(
  app: AppName,
  sink: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Server> {
  const child = spawnPinned(process.execPath, [...args, join(here, 'node-server.ts'), app, sink], env)
  if (!child.stdout) throw new Error('There is no pipe to the server')
  const lines = createInterface(child.stdout)
  const [port] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${app} in Node ended before it was up`))),
  ])
  return toServer(`${app} node`, child, Number(port))
}

/**
 * Bundled with the settings of apps/collector, as it would be deployed, for a workerd of its own: `wrangler dev` puts a proxy
 * before it, which would be measured, too.
 */
export function bundleWorker(folder: string): string {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...[join(dirname(toWrangler), 'bin/wrangler.js'), 'deploy', join(here, 'worker.ts'), '--dry-run'],
      ...['--config', join(here, '../../../apps/collector/wrangler.jsonc'), '--outdir', folder],
    ],
    {
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
    },
  )
  if (status !== 0) throw new Error(`The Worker could not be bundled:\n${stderr}`)
  return join(folder, 'worker.js')
}

/** As in apps/collector/wrangler.jsonc. */
const COMPATIBILITY_DATE = '2026-11-17'

export async function startInWorkerd(
  app: AppName,
  sink: string,
  { folder, bundle }: { folder: string; bundle: string },
): Promise<Server> {
  const port = await freePort()
  const config = join(folder, `${app}.capnp`)
  const text = (value: string) => JSON.stringify(value)
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed ${text(bundle.split('/').at(-1) ?? '')})],
      compatibilityDate = ${text(COMPATIBILITY_DATE)},
      bindings = [(name = "APP", text = ${text(app)}), (name = "SINK", text = ${text(sink)})],
    )),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
  )
  const child = spawnPinned(workerdBinary(), [
    'serve',
    config,
    ...(process.env.INSPECT ? ['--inspector-addr=127.0.0.1:9777'] : []),
  ])
  child.stdout?.resume()
  const server = toServer(`${app} workerd`, child, port)
  await untilUp(port, server.name)
  return server
}

function workerdBinary(): string {
  const workerd = createRequire(toWrangler).resolve('workerd')
  return createRequire(workerd)(workerd).default
}

export const nginxVersion = (): string | undefined =>
  /nginx\/(\S+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr ?? '')?.[1]

/** As a plain proxy, of one worker process. */
export async function startNginx(sink: string, folder: string): Promise<Server> {
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  await writeFile(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  client_max_body_size 1m;
  client_body_buffer_size 1m;
  keepalive_requests 100000000;
  ${paths.map((name) => `${name}_temp_path ${folder}/nginx-${name};`).join(' ')}
  upstream sink { server ${new URL(sink).host}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://sink; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  )
  const child = spawnPinned('nginx', ['-p', folder, '-c', config])
  child.stdout?.resume()
  const server = toServer('nginx', child, port)
  await untilUp(port, server.name)
  return server
}

async function untilUp(port: number, name: string): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer) return
    if (Date.now() > deadline) throw new Error(`${name} did not come up`)
    await sleep(50)
  }
}
