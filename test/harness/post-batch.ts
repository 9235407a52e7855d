import { request } from 'node:http'
import { readBody } from './read-body.ts'

export interface PostedBatch {
  url: string
  key: string
  body: string | Buffer
  encoding?: string
  origin?: string
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: unknown
}

/** Posts a body as a page's `fetch` would, without a page: Node's own `fetch` has a mind of its own about `Origin`. */
export const postBatch = ({
  url,
  key,
  body,
  encoding,
  origin = 'http://localhost:3000',
}: PostedBatch): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const target = new URL('/v1/events', url)
    target.searchParams.set('key', key)
    if (encoding !== undefined) target.searchParams.set('encoding', encoding)
    const headers = { 'content-type': 'text/plain;charset=UTF-8', origin, 'content-length': Buffer.byteLength(body) }
    request(target, { method: 'POST', headers, agent: false })
      .once('error', reject)
      .once('response', (response) => {
        readBody(response)
          .then((text) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: JSON.parse(text.toString('utf8')),
            }),
          )
          .catch(reject)
      })
      .end(body)
  })
