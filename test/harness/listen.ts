import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on a free port of localhost. `close` also ends the connections that are open. */
export interface Listening extends AsyncDisposable {
  server: Server
  port: number
  /** Its origin, `http://localhost:<port>`. */
  url: string
  close(): Promise<void>
}

/** Starts a real HTTP server on a free port of localhost. */
export async function listen(onRequest: RequestListener): Promise<Listening> {
  const server = createServer(onRequest)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo

  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })

  return { server, port, url: `http://localhost:${port}`, close, [Symbol.asyncDispose]: close }
}
