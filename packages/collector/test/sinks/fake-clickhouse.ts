import type { Fetch } from '../../src/core/http.ts'
import type { Destination } from '../sink-contract.ts'
import { neverUnless } from './never-unless.ts'

export type Row = Record<string, string | number | null>

/**
 * A fake of ClickHouse's HTTP interface, written from its documentation. It knows the one INSERT and the one SELECT that the
 * sink sends.
 *
 * - credentials, `query`, settings, answers: https://clickhouse.com/docs/interfaces/http
 * - `insert_deduplication_token`: https://clickhouse.com/docs/guides/developer/deduplicating-inserts-on-retries
 * - what `JSONEachRow` takes for malformed: https://clickhouse.com/docs/interfaces/formats/JSONEachRow, and tried with
 *   ClickHouse 26.7
 */
export function fakeClickhouse({ user, password, table }: { user: string; password: string; table: string }): {
  destination: Destination
  inserts: Map<string, Row[]>
  fetch: Fetch
} {
  const inserts = new Map<string, Row[]>()
  const destination: Destination = {
    mode: 'works',
    async held({ batchId }) {
      const held = [...inserts.values()].filter(([row]) => row?.batch_id === batchId)
      return held.map((rows) => rows.map(({ line }) => String(line)))
    },
  }
  const fetch: Fetch = async (url, { method, body, headers: given, signal }) => {
    if (destination.mode === 'fails') return exceptionOf(500, 242, 'TABLE_IS_READ_ONLY')
    if (destination.mode === 'hangs') await neverUnless(signal)
    const headers = new Headers(given)
    const { query, ...settings } = Object.fromEntries(new URL(url).searchParams)
    if (headers.get('X-ClickHouse-User') !== user || headers.get('X-ClickHouse-Key') !== password)
      return exceptionOf(403, 516, 'AUTHENTICATION_FAILED')
    if (method === 'GET' && query === `SELECT 1 FROM ${table} LIMIT 0`) return new Response('')
    // A GET is readonly.
    if (method !== 'POST') return exceptionOf(500, 164, 'READONLY')
    if (query !== `INSERT INTO ${table} FORMAT JSONEachRow`) return exceptionOf(404, 60, 'UNKNOWN_TABLE')
    const text = await new Response(body ?? null).text()
    if (/[^\\]\\u[dD][89a-fA-F]/.test(text)) return exceptionOf(400, 25, 'CANNOT_PARSE_ESCAPE_SEQUENCE')
    const rows: Row[] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const row of rows) {
      const texts = Object.entries(row).filter(([name]) => name !== 'seq' && name !== 'through' && name !== 'timestamp')
      if (!texts.every(([, value]) => typeof value === 'string') || !isTime(row.timestamp))
        return exceptionOf(400, 27, 'CANNOT_PARSE_INPUT_ASSERTION_FAILED')
      if (![row.seq, row.through].every(Number.isSafeInteger)) return exceptionOf(400, 72, 'CANNOT_PARSE_NUMBER')
    }
    const { insert_deduplicate, async_insert, insert_deduplication_token } = settings
    const token = insert_deduplicate === '1' && async_insert === '0' ? insert_deduplication_token : undefined
    const block = token ?? crypto.randomUUID()
    if (!inserts.has(block)) inserts.set(block, rows)
    return new Response('', { headers: { 'X-ClickHouse-Summary': `{"written_rows":"${rows.length}"}` } })
  }
  return { destination, inserts, fetch }
}

const isTime = (value: unknown) => value === null || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))

const exceptionOf = (status: number, code: number, name: string) =>
  new Response(`Code: ${code}. DB::Exception: Something is wrong with 'o-1'. (${name}) (version 26.7.2.1)\n`, {
    status,
    headers: { 'X-ClickHouse-Exception-Code': String(code) },
  })
