import type { ServerResponse } from 'node:http'
import { type BatchHeader, PROBLEM_TYPE, type ProblemCode, problems } from '@waybill/protocol'
import { type Act, headerOf } from './proxy.ts'

type Headers = Record<string, string>

/** Whoever stands in for the collector has to let the page read what it says, or the browser calls it no answer at all. */
const readable = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' }

/** An answer of somebody else's, as text. */
export const answerText =
  (status: number, body: string, headers: Headers = {}): Act =>
  (_, response) => {
    response.writeHead(status, { ...readable, 'content-type': 'text/html', ...headers }).end(body)
  }

/** An answer whose body is made of the batch's own header. */
export const answerJson =
  (status: number, toBody: (header: BatchHeader) => unknown, headers: Headers = {}): Act =>
  (batch, response) => {
    const type = { 'content-type': 'application/json', ...headers }
    response.writeHead(status, { ...readable, ...type }).end(JSON.stringify(toBody(headerOf(batch))))
  }

/** What a collector says that has the batch. */
export const toRecorded = ({ batchId, first, last }: BatchHeader) => ({
  batchId,
  recorded: last - first + 1,
  rejected: [],
})

/** A refusal as our collector words it, which names the batch. */
export const answerProblem = (code: ProblemCode, members: object = {}, headers: Headers = {}): Act => {
  const { status, title } = problems[code]
  const problem = { type: PROBLEM_TYPE + code, title, status, code, detail: `why ${code}` }
  return answerJson(status, ({ batchId }) => ({ ...problem, batchId, ...members }), headers)
}

/** Ends every connection without an answer. */
export const reset: Act = (_, response) => {
  response.socket?.resetAndDestroy()
}

/** Says that the batch is recorded, and ends the connection in the middle of it. */
export const breakOff =
  (headers: 'with a length' | 'in chunks' | 'until the end'): Act =>
  (batch, response) => {
    const body = Buffer.from(JSON.stringify(toRecorded(headerOf(batch))))
    // Where neither a length nor chunks say how long a body is, its end is the connection's: nobody can tell.
    if (headers === 'until the end') response.useChunkedEncodingByDefault = false
    const length = headers === 'with a length' ? { 'content-length': String(body.length) } : {}
    response.writeHead(200, { ...readable, connection: 'close', ...length })
    response.write(body.subarray(0, body.length / 2), () => response.socket?.end())
  }

/** Says that the batch is recorded and never comes to an end: it falls silent, goes on bit by bit, or pours. */
export const neverEnd =
  (how: 'silence' | 'drip' | 'flood', onEnd: (bytes: number) => void = () => {}): Act =>
  (batch, response) => {
    let bytes = 0
    const write = (text: string) => {
      bytes += text.length
      return response.write(text)
    }
    response.writeHead(200, readable)
    write(JSON.stringify(toRecorded(headerOf(batch))))
    const timer = how === 'drip' ? setInterval(() => write(' '), 20) : undefined
    if (how === 'flood') flood(response, () => write(' '.repeat(65_536)))
    response.once('close', () => {
      clearInterval(timer)
      onEnd(bytes)
    })
  }

function flood(response: ServerResponse, write: () => boolean): void {
  const pour = () => {
    while (!response.destroyed && write());
  }
  response.on('drain', pour)
  pour()
}
