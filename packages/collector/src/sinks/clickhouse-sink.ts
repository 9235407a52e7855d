import { fail, isSeq, ok, type Result } from '@waybill/protocol'
import { attempt } from '../core/attempt.ts'
import type { Batch } from '../core/batch.ts'
import type { Bytes } from '../core/bytes.ts'
import { toHeaderValue } from '../core/check-header.ts'
import { checkNothingElse, checkText, isText } from '../core/check-kind.ts'
import { checkUrl } from '../core/check-url.ts'
import { ConfigurationError } from '../core/configuration-error.ts'
import { type Fetch, readText, toHttpFault } from '../core/http.ts'
import { toIdempotencyKey } from '../core/idempotency-key.ts'
import type { Sink, TransientFault } from '../core/sink.ts'
import { toGeneration } from '../core/to-generation.ts'
import { traceHeaders } from '../core/trace-headers.ts'

export interface ClickhouseSinkOptions {
  /** Of the HTTP interface: `https://abc.eu-central-1.aws.clickhouse.cloud:8443`. https; http only to this machine. */
  url: string
  /** May insert into the table and select from it. Whitespace around it, a line break too, is left out. */
  user: string
  /** May be empty. Whitespace around it is left out as well. */
  password: string
  /** `events`, or with its database `analytics.events`. Default `events`. */
  table?: string
  /** Default `clickhouse`. */
  name?: string
  /** Default `true`. */
  required?: boolean
  /** Default: the platform's. */
  fetch?: Fetch
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number
}

/**
 * Inserts each batch into a ClickHouse table, a row for each line, over the HTTP interface. The batch is there as a whole or
 * not at all. `line` is the event's own bytes; the other columns are for finding it, and one that the table lacks is left
 * out:
 *
 *     CREATE TABLE events
 *     (
 *       key_id LowCardinality(String),
 *       batch_id String,
 *       digest String,                      -- of the batch: tells a fork
 *       stream_id String,
 *       seq UInt64,
 *       through UInt64,                     -- the last seq that a tombstone stands for, else seq
 *       type LowCardinality(String),        -- track, page, …; shed and rejected are tombstones
 *       event String,                       -- the name of what happened, or of the page
 *       message_id String,
 *       anonymous_id String,
 *       user_id String,
 *       timestamp Nullable(DateTime64(3, 'UTC')),
 *       received_at DateTime64(3, 'UTC'),
 *       line String CODEC(ZSTD)
 *     )
 *     ENGINE = ReplacingMergeTree
 *     ORDER BY (key_id, stream_id, seq, digest)
 *     SETTINGS non_replicated_deduplication_window = 10000
 *
 * A repeat is told by `insert_deduplication_token`, batch id and digest, within the table's deduplication window: on
 * replicated tables and in ClickHouse Cloud 10,000 inserts within an hour (`replicated_deduplication_window`, `…_seconds`),
 * on others none unless the table sets it, as above. A repeat that comes later is a second row with the same sorting key:
 * `FROM events FINAL` shows it once. Leave `PARTITION BY` out, or partition by what all repeats have in common, as the token
 * is compared in a partition, and `received_at` differs.
 *
 * https://clickhouse.com/docs/guides/developer/deduplicating-inserts-on-retries
 * https://clickhouse.com/docs/operations/settings/merge-tree-settings
 */
export function clickhouseSink({
  url,
  user,
  password,
  table = 'events',
  name = 'clickhouse',
  required = true,
  fetch = (...request) => globalThis.fetch(...request),
  now = Date.now,
  ...others
}: ClickhouseSinkOptions): Sink {
  checkNothingElse('clickhouse', others)
  const example = 'https://clickhouse.example:8443'
  const { origin, pathname, search, hash } = checkUrl(url, { setting: 'clickhouse url', example })
  if (search || hash)
    throw new ConfigurationError(`clickhouse url: leave out what follows '?' and '#', as in '${example}'.`)
  const login = toHeaderValue('clickhouse user', user)
  checkText('clickhouse user', login)
  if (!isText(table, /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/)) {
    throw new ConfigurationError(`clickhouse table: use a name as in 'events' or 'analytics.events'; it is '${table}'.`)
  }
  const place = origin + pathname
  // https://clickhouse.com/docs/interfaces/http: credentials in headers never show in a log of URLs.
  const credentials = {
    'X-ClickHouse-User': login,
    'X-ClickHouse-Key': toHeaderValue('clickhouse password', password),
  }

  async function run(
    parameters: Record<string, string>,
    init: RequestInit & { headers?: Record<string, string> },
  ): Promise<Result<void, TransientFault>> {
    const answer = await fetch(`${place}?${new URLSearchParams(parameters)}`, {
      ...init,
      headers: { ...credentials, ...init.headers },
      redirect: 'manual',
    })
    const said = await readText(answer, 4096)
    // An exception may follow a 200 that is on its way already. Neither query here returns anything else.
    if (answer.ok && said.trim() === '' && !answer.headers.has(EXCEPTION)) return ok(undefined)
    return fail(toHttpFault(answer, now(), toException(answer.headers, said)))
  }

  return {
    name,
    guarantee: 'durable',
    required,
    // A table without its database is in the user's own.
    generation: toGeneration(`${place} ${table} as ${login}`),
    idempotency: {
      key: '`insert_deduplication_token`: batch id and digest',
      window: "the table's: 10,000 inserts and 1 h if replicated, else as set; longer with `FINAL`",
    },
    deliver: (batch, signal) =>
      attempt(() =>
        run(
          {
            query: `INSERT INTO ${table} FORMAT JSONEachRow`,
            insert_deduplicate: '1',
            insert_deduplication_token: toIdempotencyKey(batch),
            // What is inserted asynchronously is deduplicated otherwise, and may be acknowledged before it is stored.
            async_insert: '0',
            wait_end_of_query: '1',
            input_format_skip_unknown_fields: '1',
            date_time_input_format: 'best_effort',
          },
          {
            method: 'POST',
            headers: traceHeaders(batch),
            body: batch.lines.map((line) => toRow(batch, line)).join(''),
            signal,
          },
        ),
      ),
    ready: (signal) => attempt(() => run({ query: `SELECT 1 FROM ${table} LIMIT 0` }, { method: 'GET', signal })),
  }
}

const EXCEPTION = 'X-ClickHouse-Exception-Code'

/** The number and name of an exception. Its text may quote events, which no log is to hold. */
function toException(headers: Headers, said: string): string | undefined {
  const code = headers.get(EXCEPTION) ?? /\bCode: (\d+)/.exec(said)?.[1]
  const name = /\(([A-Z][A-Z_]{2,63})\)/.exec(said)?.[1]
  if (code === undefined) return said.trim() === '' ? undefined : 'with what is no answer of ClickHouse'
  return name === undefined ? `exception ${code}` : `exception ${code} ${name}`
}

const decoder = new TextDecoder()

function toRow({ keyId, batchId, digest, receivedAt }: Batch, bytes: Bytes): string {
  const line = decoder.decode(bytes)
  const {
    streamId,
    seq,
    through = seq,
    type,
    event,
    name,
    messageId,
    anonymousId,
    userId,
    timestamp,
  } = JSON.parse(line)
  const row = {
    ...{ key_id: keyId, batch_id: batchId, digest, stream_id: streamId, seq },
    through: isSeq(through) ? through : seq,
    type,
    event: toText(event ?? name),
    message_id: toText(messageId),
    anonymous_id: toText(anonymousId),
    user_id: toText(userId),
    timestamp: toTime(timestamp),
    received_at: receivedAt,
    line,
  }
  return `${JSON.stringify(row)}\n`
}

// One value that ClickHouse takes for malformed would hold the whole batch back for ever; `line` has each as it was.

/** A text without lone surrogates. */
const toText = (value: unknown): string => (typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : '')

/** A time within the range of DateTime64: https://clickhouse.com/docs/sql-reference/data-types/datetime64 */
const toTime = (value: unknown): string | null =>
  typeof value === 'string' && value >= '1900' && value < '2300' ? value : null
