import { startServer } from '@waybill/collector/node'
import { type AppName, toApp, toWaybill } from './apps.ts'

// One of the apps in Node: `node node-server.ts <app> <URL of the sink>`. Prints its port; SIGTERM ends it, and a profile is
// written then. SOURCES names a folder
// with the collector's own files to run instead of the package: a profile tells them apart.

const [name = '', sink = ''] = process.argv.slice(2)
const log = (line: string) => void process.stderr.write(`${line}\n`)

async function toSources(folder: string) {
  const { createCollector, webhookSink } = await import(`${folder}/index.ts`)
  return toWaybill(sink, log, { create: createCollector, webhook: webhookSink })
}

const app = process.env.SOURCES ? await toSources(process.env.SOURCES) : toApp[name as AppName](sink, log)
const server = await startServer(app, { port: 0 })
console.log(server.port)
process.once('SIGTERM', () => server.close(1_000).then(() => process.exit(0)))
