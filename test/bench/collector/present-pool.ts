import { connect, type Socket } from 'node:net'
import type { Pool } from './make-batches.ts'
import { createMessageReader } from './read-messages.ts'

export interface Presented {
  /** How often each batch was answered with 2xx, in the pool's order. */
  answered: Uint32Array
  batches: number
  seconds: number
  /** Of each request, in milliseconds. */
  latencies: Float64Array
  /** Answers that were no 2xx. */
  failures: readonly string[]
}

interface Target {
  port: number
  path: string
}

/**
 * Presents each batch of a pool, so many at a time, over connections that are kept. Goes through the pool again until
 * `leastSeconds` are over, which only a server that knows no repeats may be asked for.
 */
export async function presentPool(
  pool: Pool,
  { port, path }: Target,
  { connections, leastSeconds = 0 }: { connections: number; leastSeconds?: number },
): Promise<Presented> {
  const { batches, encoding } = pool
  const answered = new Uint32Array(batches.length)
  const latencies: number[] = []
  const failures: string[] = []
  const query = encoding === 'gzip' ? '?key=wk_dev&encoding=gzip' : '?key=wk_dev'
  const heads = (bytes: number) =>
    `POST ${path}${query} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: http://localhost:3000\r\n` +
    `Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ${bytes}\r\n\r\n`
  let next = 0
  let began = 0
  const isOver = () => next >= batches.length && performance.now() - began >= leastSeconds * 1_000

  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  began = performance.now()
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let current = 0
          let sentAt = 0
          const send = () => {
            if (isOver()) {
              socket.destroy()
              resolve()
              return
            }
            current = next++ % batches.length
            const { body } = batches[current] as Pool['batches'][number]
            sentAt = performance.now()
            socket.cork()
            socket.write(heads(body.length), 'latin1')
            socket.write(body)
            socket.uncork()
          }
          socket.on(
            'data',
            createMessageReader((head, body) => {
              latencies.push(performance.now() - sentAt)
              if (/^HTTP\/1\.1 2/.test(head)) answered[current] = (answered[current] as number) + 1
              else failures.push(`${head.slice(9, 12)} ${body.toString().slice(0, 500)}`)
              send()
            }),
          )
          socket.once('error', reject)
          socket.once('close', () => reject(new Error('The server ended a connection')))
          send()
        }),
    ),
  )
  const seconds = (performance.now() - began) / 1_000
  return { answered, batches: latencies.length, seconds, latencies: Float64Array.from(latencies).sort(), failures }
}

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
