import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** The whole body of a request or an answer. */
export const readBody = (message: IncomingMessage): Promise<Buffer<ArrayBuffer>> =>
  buffer(message) as Promise<Buffer<ArrayBuffer>>
