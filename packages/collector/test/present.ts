import type { Accepted, Problem, Recorded } from '@waybill/protocol'
import { expect } from 'vitest'
import type { Platform } from '../src/core/platform.ts'
import { type CollectorOptions, createCollector, type WriteKey } from '../src/index.ts'
import { webPlatform } from '../src/web-platform.ts'
import { NOW } from './batches.ts'
import { type RecordingSink, recordingSink } from './recording-sink.ts'

export const KEY = 'wk_test'
export const ORIGIN = 'https://www.example.com'
export const writeKey: WriteKey = { key: KEY, id: 'site', origins: [ORIGIN] }

/** A collector with one recording sink, unless told otherwise. */
export function collectorWith(
  options: Partial<CollectorOptions> = {},
  platform: Partial<Platform> = {},
): { app: App; sink: RecordingSink } {
  const sink = recordingSink()
  const all = { keys: [writeKey], sinks: [sink], now: () => NOW, ...options }
  return { app: createCollector(all, { ...webPlatform, ...platform }), sink }
}

export type App = ReturnType<typeof createCollector>
type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

/** Presents a body as a page of ORIGIN would, but for what is said otherwise; a header of `null` is left out. */
export function present(
  app: App,
  body: Body,
  {
    path = '/v1/events',
    query = {},
    headers = {},
  }: {
    path?: string
    query?: Record<string, string | null>
    headers?: Record<string, string | null>
  } = {},
): Promise<Response> {
  const given = <Value>(members: Record<string, Value | null>) =>
    Object.entries(members).filter((entry): entry is [string, Value] => entry[1] !== null)
  const search = new URLSearchParams(given({ key: KEY, ...query }))
  const request = new Request(`https://collector.example${path}?${search}`, {
    method: 'POST',
    body,
    headers: given({ Origin: ORIGIN, 'Content-Type': 'text/plain;charset=UTF-8', ...headers }),
    // Node asks for it where a body is a stream; workerd does not mind.
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
  // A null content type leaves the one that Request sets for text.
  if (headers['Content-Type'] === null) request.headers.delete('Content-Type')
  return Promise.resolve(app.request(request))
}

export async function recordedOf(response: Response): Promise<Recorded> {
  expect(response.status).toBe(200)
  expect(response.headers.get('Content-Type')).toBe('application/json')
  return response.json()
}

/** What a 202 says, after looking at all that they have in common. */
export async function acceptedOf(response: Response): Promise<Accepted> {
  expect(response.status).toBe(202)
  const accepted: Accepted = await response.json()
  expect(response.headers.get('Retry-After')).toBe(String(accepted.retryAfter))
  return accepted
}

/** The problem of a refusal, after looking at all that refusals have in common. */
export async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  const problem: Problem = await response.json()
  expect(problem).toMatchObject({ status: response.status, type: `urn:waybill:problem:${problem.code}` })
  expect(problem.title).not.toBe('')
  expect(problem.detail).not.toBe('')
  return problem
}
