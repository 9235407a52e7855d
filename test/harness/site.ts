import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import type { WaybillOptions } from '@waybill/browser'
import { listen } from './listen.ts'

/** A customer's web site, on an origin that is not the collector's. */
export interface Site extends AsyncDisposable {
  url: string
  /** A page that imports the SDK as an npm user's bundle would, and starts it as `window.waybill`. */
  appPage(options: WaybillOptions): string
  /** A page with this HTML and nothing else. */
  htmlPage(html: string): string
  /** A page with this module, which can import the SDK, and nothing else. */
  modulePage(module: string): string
  /** A page without the SDK, on the same origin. */
  plainPage: string
  close(): Promise<void>
}

export async function startSite(): Promise<Site> {
  const modules = await findModules()

  async function answer(url: URL, response: ServerResponse): Promise<void> {
    const html = (body: string) => response.setHeader('content-type', 'text/html; charset=utf-8').end(page(body))
    const { pathname, searchParams } = url
    if (pathname === '/app') html(appBody(modules))
    else if (pathname === '/html') html(searchParams.get('html') ?? '')
    else if (pathname === '/module') html(moduleBody(modules, searchParams.get('module') ?? ''))
    else if (pathname === '/plain') html('<p>A page without the SDK.</p>')
    else if (pathname.startsWith('/modules/')) {
      const file = await readModule(modules, pathname)
      response.setHeader('content-type', 'text/javascript; charset=utf-8').end(file)
    } else response.writeHead(404).end()
  }

  const server = await listen((request, response) => {
    answer(new URL(request.url ?? '/', 'http://localhost'), response).catch((error) =>
      response.writeHead(500).end(String(error)),
    )
  })

  return {
    url: server.url,
    appPage: (options) => `${server.url}/app?${new URLSearchParams({ options: JSON.stringify(options) })}`,
    htmlPage: (html) => `${server.url}/html?${new URLSearchParams({ html })}`,
    modulePage: (module) => `${server.url}/module?${new URLSearchParams({ module })}`,
    plainPage: `${server.url}/plain`,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  }
}

interface Module {
  folder: string
  entry: string
}

/** The SDK and what it imports, as the browser's own module loader will ask for them. */
async function findModules(): Promise<Map<string, Module>> {
  const sdk = packageFile('@waybill/browser', import.meta.url)
  const { dependencies } = JSON.parse(await readFile(sdk, 'utf8')) as { dependencies: Record<string, string> }
  const files = [
    ['@waybill/browser', sdk] as const,
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

const page = (body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A site</title>
<link rel="icon" href="data:,">
${body}
</html>
`

const appBody = (modules: Map<string, Module>): string =>
  moduleBody(
    modules,
    `import { createWaybill } from '@waybill/browser'
  window.waybill = createWaybill(JSON.parse(new URLSearchParams(location.search).get('options')))`,
  )

function moduleBody(modules: Map<string, Module>, module: string): string {
  const imports = Object.fromEntries(
    [...modules].map(([name, { entry }]) => [name, new URL(entry, `http://localhost/modules/${name}/`).pathname]),
  )
  return `<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  ${module}
</script>
<p>A page with the SDK.</p>`
}
