import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { TestProject } from 'vitest/node'
import type { ScriptedAnswer, SeenRequest } from './site.ts'

/** What a stand-in knows of one site: every test has its own. */
interface Site {
  seen: SeenRequest[]
  /** How to answer, one request after another; then everything is recorded. */
  answers: ScriptedAnswer[]
}

const sites = new Map<string, Site>()

const siteOf = (name: string): Site => {
  const site = sites.get(name) ?? { seen: [], answers: [] }
  sites.set(name, site)
  return site
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Takes a presentation as a collector would, and answers as the test has said. */
async function takeBatch(site: Site, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const raw = await readBody(request)
  const body = url.searchParams.get('encoding') === 'gzip' ? gunzipSync(raw).toString() : raw.toString()
  const { method = '', headers } = request
  site.seen.push({
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: headers as Record<string, string>,
    bytes: raw.length,
    body,
  })
  if (method !== 'POST') return void response.writeHead(405).end()
  const answer = site.answers.shift() ?? {}
  if (answer.hang) return
  if (answer.reset) return void request.socket.destroy()
  const { batchId, first, last } = JSON.parse(body.slice(0, body.indexOf('\n')))
  const { status = 200, retryAfter, location, rejected = [] } = answer
  const recorded = { batchId, recorded: last - first + 1 - rejected.length, rejected }
  response.writeHead(status, {
    'content-type': 'application/json',
    'access-control-expose-headers': 'Retry-After',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    ...(location === undefined ? {} : { location }),
  })
  response.end(answer.body ?? JSON.stringify(recorded))
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const [, name = '', what] = url.pathname.split('/')
  const site = siteOf(name)
  response.setHeader('access-control-allow-origin', '*')
  if (what === 'seen') return void response.end(JSON.stringify(site.seen))
  if (what === 'answers') {
    site.answers.push(...JSON.parse((await readBody(request)).toString()))
    return void response.end()
  }
  await takeBatch(site, url, request, response)
}

/** A real HTTP server in the place of a collector, at an origin of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  project.provide('collector', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** The origin of the stand-in collector. */
    collector: string
  }
}
