import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { ConfigurationError } from '../core/configuration-error.ts'

/** What is served: a Hono app, or anything with its `fetch`. */
export interface App {
  fetch(request: Request, env: object, context: WaitUntil): Response | Promise<Response>
}

/** How work outlives its answer: an `ExecutionContext` of Workers, in Node. */
interface WaitUntil {
  waitUntil(work: Promise<unknown>): void
  passThroughOnException(): void
  props: unknown
}

export interface ServerOptions {
  /** 0 for any that is free. Default 8787. */
  port?: number
  /** An address of this machine; `0.0.0.0` for all of them. Default `127.0.0.1`: only this machine gets in. */
  host?: string
  /** How long a client may take for the headers of a request, in milliseconds. Default 10,000. */
  headersTimeout?: number
  /** How long a client may take for a whole request, in milliseconds. Default 120,000. */
  requestTimeout?: number
  /**
   * How long a connection may be idle, in milliseconds. Default 75,000: longer than the minute for which the common proxies keep
   * theirs, which would else send a request into a connection that is just being closed, and tell their client 502.
   */
  keepAliveTimeout?: number
}

/** A server that takes requests. */
export interface RunningServer {
  readonly host: string
  readonly port: number
  /** Its origin, `http://127.0.0.1:8787`. */
  readonly url: string
  /**
   * Takes no new connections, answers what has come and has the work that outlives its answer end.
   *
   * @param deadline after so many milliseconds what is left is cut off
   * @returns how many requests and works that were
   */
  close(deadline?: number): Promise<number>
}

/** How often the timeouts are looked at, in milliseconds; Node's own half minute would add to each. */
const CHECKED_EVERY = 5_000

/**
 * Serves an app over HTTP, for a proxy that speaks TLS in front of it. Throws a `ConfigurationError` when port or host cannot
 * be had. How large a body may be is the collector's `limits` to say.
 */
export async function startServer(
  app: App,
  {
    port = 8787,
    host = '127.0.0.1',
    headersTimeout = 10_000,
    requestTimeout = 120_000,
    keepAliveTimeout = 75_000,
  }: ServerOptions = {},
): Promise<RunningServer> {
  const answering = new Set<ServerResponse>()
  const working = new Set<Promise<unknown>>()
  let isClosing = false
  let settled = () => {}

  const context: WaitUntil = {
    waitUntil(work) {
      const done = work
        .catch(() => {})
        .finally(() => {
          working.delete(done)
          settled()
        })
      working.add(done)
    },
    passThroughOnException() {},
    props: {},
  }
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env, context),
    overrideGlobalObjects: false,
    serverOptions: {
      headersTimeout,
      requestTimeout,
      keepAliveTimeout,
      connectionsCheckingInterval: Math.min(CHECKED_EVERY, headersTimeout, requestTimeout),
    },
  }) as Server

  server.prependListener('request', (_, response) => {
    if (isClosing) response.shouldKeepAlive = false
    answering.add(response)
    response.once('close', () => {
      answering.delete(response)
      settled()
    })
  })

  await listen(server, port, host)
  const { port: actual } = server.address() as AddressInfo

  async function shutDown(deadline: number): Promise<number> {
    isClosing = true
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // A connection that is kept would be used again by a client that does not know.
    for (const response of answering) response.shouldKeepAlive = false
    const count = () => answering.size + working.size
    const drained = new Promise<void>((resolve) => {
      settled = () => {
        if (count() === 0) resolve()
      }
      settled()
    })
    let timer: NodeJS.Timeout | undefined
    const expired = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadline)
    })
    await Promise.race([drained, expired])
    clearTimeout(timer)
    const left = count()
    server.closeAllConnections()
    await closed
    return left
  }

  let closing: Promise<number> | undefined
  return {
    host,
    port: actual,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close(deadline = 15_000) {
      closing ??= shutDown(deadline)
      return closing
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, port, host)))
    server.listen(port, host, resolve)
  })
}

function explain(error: NodeJS.ErrnoException, port: number, host: string): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ConfigurationError(`port: ${port} of ${host} is taken; stop what uses it, or choose another.`)
    case 'EACCES':
      return new ConfigurationError(`port: this user may not listen on ${port}; choose one from 1024.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError(`host: '${host}' is no address of this machine; use 127.0.0.1, or 0.0.0.0 for all.`)
    default:
      return error
  }
}
