import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import type { WaybillOptions } from '@waybill/browser'
import type { SendInBackgroundOptions } from '@waybill/browser/service-worker'
import { bundle } from './bundle.ts'
import { listen } from './listen.ts'
import { type ReleaseName, releases } from './releases.ts'

const WORKER = join(import.meta.dirname, 'site-worker.ts')

/** A customer's web site, on an origin that is not the collector's. */
export interface Site extends AsyncDisposable {
  url: string
  /**
   * A page that imports the SDK as an npm user's bundle would, and starts it as `window.waybill`: the SDK as it was
   * built, or another release of it; `before` is a script that runs first.
   */
  appPage(options: WaybillOptions, extras?: { before?: string; release?: ReleaseName }): string
  /** A page with this HTML and nothing else. */
  htmlPage(html: string): string
  /** A page with this module, which can import the SDK, and nothing else. */
  modulePage(module: string): string
  /** A page without the SDK, on the same origin. */
  plainPage: string
  /** The script of a service worker for the whole site, bundled, that sends what closed pages leave behind. */
  workerScript(options: SendInBackgroundOptions): string
  close(): Promise<void>
}

/** @param head what every page has in its head */
export async function startSite({ head = '' }: { head?: string } = {}): Promise<Site> {
  const modules = await findModules()
  let worker: Promise<string> | undefined

  async function answer(url: URL, response: ServerResponse): Promise<void> {
    const html = (body: string) => response.setHeader('content-type', 'text/html; charset=utf-8').end(page(head, body))
    const script = (text: string | Buffer) =>
      response.setHeader('content-type', 'text/javascript; charset=utf-8').end(text)
    const { pathname, searchParams } = url
    if (pathname === '/app') html(appBody(modules, searchParams.get('before') ?? '', searchParams.get('release')))
    else if (pathname === '/html') html(searchParams.get('html') ?? '')
    else if (pathname === '/module') html(moduleBody(modules, searchParams.get('module') ?? ''))
    else if (pathname === '/plain') html('<p>A page without the SDK.</p>')
    else if (pathname === '/worker.js') {
      worker ??= bundle(WORKER)
      script(await worker)
    } else if (pathname.startsWith('/modules/')) {
      const file = await readModule(modules, pathname)
      const release = releases[searchParams.get('release') as ReleaseName]
      script(release ? release(file.toString('utf8')) : file)
    } else response.writeHead(404).end()
  }

  const server = await listen((request, response) => {
    answer(new URL(request.url ?? '/', 'http://localhost'), response).catch((error) =>
      response.writeHead(500).end(String(error)),
    )
  })

  return {
    url: server.url,
    appPage: (options, extras = {}) =>
      `${server.url}/app?${new URLSearchParams({ options: JSON.stringify(options), ...extras })}`,
    htmlPage: (html) => `${server.url}/html?${new URLSearchParams({ html })}`,
    modulePage: (module) => `${server.url}/module?${new URLSearchParams({ module })}`,
    plainPage: `${server.url}/plain`,
    workerScript: (options) => `${server.url}/worker.js?${new URLSearchParams({ options: JSON.stringify(options) })}`,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

const SDK = '@waybill/browser'

const toPath = ({ pathname, search }: URL) => pathname + search

interface Module {
  folder: string
  entry: string
}

/** The SDK and what it imports, as the browser's own module loader will ask for them. */
async function findModules(): Promise<Map<string, Module>> {
  const sdk = packageFile(SDK, import.meta.url)
  const { dependencies } = JSON.parse(await readFile(sdk, 'utf8')) as { dependencies: Record<string, string> }
  const files = [
    [SDK, sdk] as const,
    ...Object.keys(dependencies).map((name) => [name, packageFile(name, sdk)] as const),
  ]
  return new Map(
    await Promise.all(
      files.map(async ([name, file]) => {
        const { exports, module } = JSON.parse(await readFile(file, 'utf8'))
        const entry: unknown = exports?.['.']?.import ?? exports?.['.']?.default ?? module
        if (typeof entry !== 'string') throw new Error(`${name} names no entry for a browser`)
        return [name, { folder: dirname(file), entry }] as const
      }),
    ),
  )
}

function packageFile(name: string, base: string): string {
  const file = findPackageJSON(name, base)
  if (!file) throw new Error(`${name} is not installed`)
  return file
}

async function readModule(modules: Map<string, Module>, pathname: string): Promise<Buffer> {
  for (const [name, { folder }] of modules) {
    const prefix = `/modules/${name}/`
    if (pathname.startsWith(prefix)) return readFile(join(folder, pathname.slice(prefix.length)))
  }
  throw new Error(`No module at ${pathname}`)
}

const page = (head: string, body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A site</title>
<link rel="icon" href="data:,">
${head}
${body}
</html>
`

const appBody = (modules: Map<string, Module>, before: string, release: string | null): string =>
  `<script>${before}</script>
${moduleBody(
  release ? withRelease(modules, release) : modules,
  `import { createWaybill } from '@waybill/browser'
  window.waybill = createWaybill(JSON.parse(new URLSearchParams(location.search).get('options')))`,
)}`

function withRelease(modules: Map<string, Module>, release: string): Map<string, Module> {
  const sdk = modules.get(SDK)
  if (!sdk) throw new Error('There is no SDK')
  return new Map([...modules, [SDK, { ...sdk, entry: `${sdk.entry}?release=${release}` }]])
}

function moduleBody(modules: Map<string, Module>, module: string): string {
  const imports = Object.fromEntries(
    [...modules].map(([name, { entry }]) => [name, toPath(new URL(entry, `http://localhost/modules/${name}/`))]),
  )
  return `<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  ${module}
</script>
<p>A page with the SDK.</p>`
}
