import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { toEnvFile } from './to-env-file.ts'

// Runs the collector on this machine, with the demo page and the development write key.

const app = dirname(dirname(fileURLToPath(import.meta.url)))
const { PORT = '8787', PERSIST_TO, WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_FORMAT, RECEIPT_KEYS } = process.env
const port = Number(PORT)
const address = `http://localhost:${port}`
const assets = join(app, 'dist/assets-dev')

const problem = await findProblem()
if (problem) {
  console.error(problem)
  process.exit(1)
}

// Settings go through a file, for its owner only: a secret on a command line is everybody's to read.
const folder = await mkdtemp(join(tmpdir(), 'waybill-'))
const settings = join(folder, 'settings.env')
await writeFile(
  settings,
  toEnvFile({ ENVIRONMENT: 'development', WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_FORMAT, RECEIPT_KEYS }),
  {
    mode: 0o600,
  },
)

const wrangler = spawn(
  process.execPath,
  [
    join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin/wrangler.js'),
    'dev',
    ...['--port', String(port)],
    ...['--inspector-port', '0'],
    ...['--assets', assets],
    ...['--env-file', settings],
    ...(PERSIST_TO ? ['--persist-to', PERSIST_TO] : []),
    '--show-interactive-dev-session=false',
  ],
  {
    cwd: app,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    },
  },
)
const exited = once(wrangler, 'exit')
// The Worker logs each batch; wrangler's own line for each request would drown that.
createInterface(wrangler.stdout).on('line', (line) => {
  if (!line.startsWith('[wrangler:info]')) console.log(line)
})

// wrangler stops workerd when it is asked to stop; so it is always asked.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => wrangler.kill(signal))

const ready = new AbortController()
waitUntilUp(ready.signal).then(
  () => console.log(introduction()),
  () => {},
)
const [code] = await exited
ready.abort()
await rm(folder, { recursive: true, force: true })
process.exit(code ?? 1)

/** What can be told before anything is started. */
async function findProblem(): Promise<string | undefined> {
  if (!(Number.isInteger(port) && port > 0 && port < 65_536)) return `PORT: use 1 to 65535; it is '${PORT}'.`
  try {
    await access(assets)
  } catch {
    return `Build first: pnpm build (${relative(process.cwd(), assets)} is not there).`
  }
  if (await isTaken()) return `Port ${port} is taken. Stop what uses it, or choose another: PORT=8788 pnpm dev`
}

async function isTaken(): Promise<boolean> {
  for (const host of ['127.0.0.1', '::1']) {
    const probe = createServer()
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      probe.once('error', resolve).listen(port, host, () => resolve(undefined))
    })
    probe.close()
    if (failure?.code === 'EADDRINUSE') return true
  }
  return false
}

async function waitUntilUp(signal: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await fetch(`${address}/health`, { signal }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await wait(100, undefined, { signal })
  }
}

function introduction(): string {
  const stored = PERSIST_TO ?? relative(process.cwd(), join(app, '.wrangler/state'))
  return `
  Waybill is up.

  Demo page   ${address}/
  Endpoint    ${address}/v1/events
  Write key   wk_dev, from any origin of this machine
  Events      R2 bucket waybill-events, below ${stored}
  Webhook     ${WEBHOOK_URL ?? 'none; add one with WEBHOOK_URL=http://localhost:9000 WEBHOOK_SECRET=… pnpm dev'}
`
}
