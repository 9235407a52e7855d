import { type Listening, listen } from '../../harness/listen.ts'
import { preparePage } from './prepare-page.ts'

/**
 * The site whose pages use one SDK: `/` starts nothing by itself, `/start?url=…` starts the SDK as it loads, `/plain` has none.
 */
export const startShop = (script: string): Promise<Listening> =>
  listen((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    // Without these two a page's clock has a step of 100 µs; with them, of 5 µs.
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    if (pathname === '/client.js') {
      response.setHeader('content-type', 'text/javascript; charset=utf-8').end(script)
      return
    }
    response.setHeader('content-type', 'text/html; charset=utf-8').end(toHtml(pathname))
  })

const toHtml = (pathname: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A shop</title>
<link rel="icon" href="data:,">
${pathname === '/plain' ? '' : `<script>(${preparePage})()</script>`}
${pathname === '/start' ? "<script>window.started = window.begin(new URLSearchParams(location.search).get('url'))</script>" : ''}
</html>
`
