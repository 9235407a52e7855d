import { access, cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Pages of any origin load the script, with or without `crossorigin` and under COEP.
const HEADERS = `/v1/waybill.js
  Cache-Control: public, max-age=3600
  Access-Control-Allow-Origin: *
  Cross-Origin-Resource-Policy: cross-origin
  X-Content-Type-Options: nosniff
`

/**
 * Lays out what the Worker serves by itself: the SDK's script build in production (`dist/assets`), and the demo page
 * with it in development (`dist/assets-dev`). `app` is the folder of this app, with its dependencies installed.
 */
async function buildAssets(app: string): Promise<void> {
  const script = join(app, 'node_modules/@waybill/browser/dist/waybill.js')
  const demo = join(app, 'node_modules/@waybill/app-demo/public')
  await need(script, 'Build @waybill/browser first: pnpm build')
  await need(join(demo, 'index.html'), 'The demo page is missing from apps/demo')

  const production = join(app, 'dist/assets')
  const development = join(app, 'dist/assets-dev')
  for (const folder of [production, development]) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(join(folder, 'v1'), { recursive: true })
  }
  await cp(demo, development, { recursive: true, dereference: true })
  for (const folder of [production, development]) {
    await cp(script, join(folder, 'v1/waybill.js'), { dereference: true })
    await writeFile(join(folder, '_headers'), HEADERS)
  }
}

async function need(path: string, mend: string): Promise<void> {
  try {
    await access(path)
  } catch {
    throw new Error(`${mend} (${path} is not there).`)
  }
}

try {
  await buildAssets(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
