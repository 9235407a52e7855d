import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundle } from '../harness/bundle.ts'
import { type Listening, listen } from '../harness/listen.ts'

const app = join(import.meta.dirname, '../../apps/shop')

/** Serves the shop, on an origin of its own, with its script bundled as a site's own build does it. */
export async function serveShop({ endpoint }: { endpoint: string }): Promise<Listening> {
  const script = await bundle(join(app, 'src/shop.ts'))

  async function read(path: string): Promise<{ type: string; text: string } | undefined> {
    if (path === '/shop.js') return { type: 'text/javascript', text: script }
    const [, name] = /^\/([a-z]*)(\.html)?$/.exec(path) ?? []
    if (name === undefined) return
    const text = await readFile(join(app, 'pages', `${name || 'index'}.html`), 'utf8')
    return { type: 'text/html', text: text.replaceAll('http://localhost:8787', endpoint) }
  }

  return listen(async ({ url = '/' }, response) => {
    const file = await read(new URL(url, 'http://localhost').pathname).catch(() => undefined)
    if (file) response.setHeader('content-type', `${file.type}; charset=utf-8`).end(file.text)
    else response.writeHead(404).end()
  })
}
