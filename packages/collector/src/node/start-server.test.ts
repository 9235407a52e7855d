import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { batchOf } from '../../test/batches.ts'
import { recordingSink } from '../../test/recording-sink.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { createCollector } from '../create-collector.ts'
import { type App, type RunningServer, type ServerOptions, startServer } from './start-server.ts'

const servers: RunningServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)))
})

async function start(app: App, options: ServerOptions = {}): Promise<RunningServer> {
  const server = await startServer(app, { port: 0, ...options })
  servers.push(server)
  return server
}

/** What a test holds back. */
function createGate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

const present = (url: string, body: string | Uint8Array<ArrayBuffer>) =>
  fetch(`${url}/v1/events?key=wk_1`, {
    method: 'POST',
    headers: { Origin: 'https://a.example', 'Content-Type': 'text/plain' },
    body,
  })

const collectorOf = (sink = recordingSink()) =>
  createCollector({ keys: [{ key: 'wk_1', id: 'site', origins: ['https://a.example'] }], sinks: [sink] })

/** What a server answers to these bytes before it ends the connection. */
async function answerTo({ port }: RunningServer, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.write(bytes)
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}

test('the collector takes a batch over HTTP', async () => {
  const sink = recordingSink()
  const { url } = await start(collectorOf(sink))
  const response = await present(url, batchOf(1, 3))
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ recorded: 3 })
  expect(sink.events()).toMatchObject([{ seq: 1 }, { seq: 2 }, { seq: 3 }])
})

test('a body far above the limit is refused, and not read to its end', async () => {
  const { url, port } = await start(collectorOf())
  const small = await present(url, new Uint8Array(600_000))
  expect(small.status).toBe(413)
  const head = `POST /v1/events?key=wk_1 HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nContent-Type: text/plain\r\nContent-Length: 1000000000000\r\n\r\n`
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.write(head)
  const zeros = Buffer.alloc(65_536)
  const pump = () => {
    if (socket.writable) socket.write(zeros, pump)
  }
  pump()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(answer).toMatch(/^HTTP\/1.1 413 /)
  expect(socket.bytesWritten).toBeLessThan(200_000_000)
})

test('who does not come to the end of the headers, or of the body, is cut off', async () => {
  const server = await start(collectorOf(), { headersTimeout: 50, requestTimeout: 100 })
  expect(await answerTo(server, 'POST /v1/events HTTP/1.1\r\nHost: a\r\n')).toMatch(/^HTTP\/1.1 408 /)
  const slow = 'POST /v1/events?key=wk_1 HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nx'
  const answer = await answerTo(server, slow.replace('Host', 'Origin: https://a.example\r\nHost'))
  expect(answer).toMatch(/^HTTP\/1.1 4/)
})

test('closing answers what has come, has work end that outlives its answer, and takes nothing new', async () => {
  const [answer, work] = [createGate(), createGate()]
  const app = new Hono()
  let began = 0
  app.get('/slow', async (c) => {
    began++
    await answer.opened
    return c.text('done')
  })
  app.get('/work', (c) => {
    c.executionCtx.waitUntil(work.opened)
    c.executionCtx.waitUntil(Promise.reject(new Error('nobody has to hear of it')))
    return c.text('accepted')
  })
  const server = await start(app)
  await (await fetch(`${server.url}/work`)).text()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const slow = request(`${server.url}/slow`, { agent }).end()
  await expect.poll(() => began).toBe(1)

  let closed: number | undefined
  const closing = server.close(10_000).then((left) => {
    closed = left
  })
  await expect(fetch(`${server.url}/slow`)).rejects.toThrow()
  answer.open()
  const [response] = await once(slow, 'response')
  expect(response.headers.connection).toBe('close')
  response.resume()
  await once(response, 'end')
  expect(closed).toBeUndefined()
  work.open()
  await closing
  expect(closed).toBe(0)
  agent.destroy()
})

test('a connection that is kept alive without a request does not hold the closing up', async () => {
  const server = await start(new Hono().get('/', (c) => c.text('')))
  const agent = new Agent({ keepAlive: true })
  const [response] = await once(request(server.url, { agent }).end(), 'response')
  response.resume()
  await once(response, 'end')
  const idle = connect(server.port, '127.0.0.1')
  await once(idle, 'connect')
  idle.on('error', () => {})
  expect(await server.close(60_000)).toBe(0)
  agent.destroy()
})

test('what is not done by the deadline is cut off, and counted', async () => {
  let began = 0
  const app = new Hono().get('/', () => {
    began++
    return new Promise<Response>(() => {})
  })
  const server = await start(app)
  const response = fetch(server.url)
  response.catch(() => {})
  await expect.poll(() => began).toBe(1)
  expect(await server.close(1)).toBe(1)
  await expect(response).rejects.toThrow()
})

test('a port or a host that cannot be had is named', async () => {
  const { port } = await start(new Hono())
  await expect(start(new Hono(), { port })).rejects.toThrow(ConfigurationError)
  await expect(start(new Hono(), { port })).rejects.toThrow(`port: ${port} of 127.0.0.1 is taken`)
  await expect(start(new Hono(), { host: '192.0.2.1' })).rejects.toThrow(
    "host: '192.0.2.1' is no address of this machine",
  )
})
