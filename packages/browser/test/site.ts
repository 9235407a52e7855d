import type { BatchHeader, Rejection } from '@waybill/protocol'
import { inject } from 'vitest'
import { type Line, parseLine } from './operations.ts'

/** A request as it reached the stand-in collector. */
export interface SeenRequest {
  method: string
  path: string
  query: Record<string, string>
  headers: Record<string, string>
  /** The body's length as it travelled. */
  bytes: number
  /** Inflated. */
  body: string
}

/** How the stand-in answers one request. Left out, the batch is recorded. */
export interface ScriptedAnswer {
  status?: number
  body?: string
  retryAfter?: string
  /** Where a redirect leads. */
  location?: string
  rejected?: Rejection[]
  /** Never answer. */
  hang?: boolean
  /** Close the connection instead. */
  reset?: boolean
}

interface Batch {
  header: BatchHeader
  /** Every byte after the first LF. */
  rest: string
  lines: Line[]
}

/** One site at the stand-in collector, and a name that no other test has. */
export interface Site {
  name: string
  endpoint: string
  seen: () => Promise<SeenRequest[]>
  batches: () => Promise<Batch[]>
  /** The lines that arrived, each batch once. */
  lines: () => Promise<Line[]>
  answer: (...answers: ScriptedAnswer[]) => Promise<void>
}

export function createSite(): Site {
  const name = `site-${crypto.randomUUID()}`
  const origin = `${inject('collector')}/${name}`

  const seen = async (): Promise<SeenRequest[]> => (await fetch(`${origin}/seen`)).json()
  const batches = async () =>
    (await seen())
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => {
        const end = body.indexOf('\n')
        const rest = body.slice(end + 1)
        return { header: JSON.parse(body.slice(0, end)), rest, lines: rest.trimEnd().split('\n').map(parseLine) }
      })

  return {
    name,
    endpoint: `${origin}/v1/events`,
    seen,
    batches,
    async lines() {
      const unique = new Map((await batches()).map((batch) => [batch.header.batchId, batch.lines]))
      return [...unique.values()].flat()
    },
    async answer(...answers) {
      await fetch(`${origin}/answers`, { method: 'POST', body: JSON.stringify(answers) })
    },
  }
}
