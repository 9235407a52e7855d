import { expect, onTestFinished, test } from 'vitest'
import type { RawRecord } from '../../src/core/operation.ts'
import type { BufferState, Cut, Delivery } from '../../src/core/records.ts'
import type { Waybill } from '../../src/index.ts'
import { createDatabaseName, openStores, settled } from '../databases.ts'
import { openPage } from '../host-page.ts'
import { parseLine } from '../operations.ts'
import { readAll } from '../parts.ts'
import { createSite, type Site } from '../site.ts'
import format1 from '../stored/format-1.json'

type Key = string | [number, number]

/** What a visitor's browser holds of an earlier release: all records, and the last words by the rest of their keys. */
interface Stored {
  records: [Key, unknown][]
  words: Record<string, string>
}

const recordOf = (stored: Stored, wanted: string) =>
  stored.records.find(([key]) => key === wanted)?.[1] as Record<string, unknown>

/** Format 1, stored before it had these members: every one of them is absent. */
function withoutNewerMembers(stored: Stored): Stored {
  const strip = (record: unknown, ...names: string[]) =>
    Object.fromEntries(Object.entries(record as object).filter(([name]) => !names.includes(name)))
  const records = stored.records.map(([key, value]): [Key, unknown] => {
    if (key === 'state') return [key, strip(value, 'since', 'low', 'consent', 'forgottenAt')]
    if (key !== 'cuts') return [key, value]
    return [key, strip(value, 'shed', 'failures', 'overdueSince', 'presenting')]
  })
  return { ...stored, records }
}

/** A kill of the browser, or a store that failed, leaves a raw record in one of its two places only: each in another. */
function withoutCopies({ records, words }: Stored): Stored {
  const [first, ...others] = Object.keys(words).toSorted()
  return {
    records: records.filter(([key]) => key !== `raw:${first}`),
    words: Object.fromEntries(Object.entries(words).filter(([id]) => !others.includes(id))),
  }
}

/** The database before the raw journal was part of the one store. */
const LANES = ['raw0', 'raw1', 'raw2', 'raw3', 'raw4', 'raw5', 'raw6', 'raw7']

/** Puts it where the SDK will look for it. */
async function restore({ records, words }: Stored, name: string, others: string[]): Promise<void> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => {
    for (const store of ['buffer', ...others]) request.result.createObjectStore(store)
  }
  const database = await settled(request)
  const store = database.transaction('buffer', 'readwrite').objectStore('buffer')
  await Promise.all(records.map(([key, value]) => settled(store.put(value, key))))
  database.close()
  for (const [id, text] of Object.entries(words)) localStorage.setItem(`${name}:${id}`, text)
}

async function visit(name: string, site: Site, use: (waybill: Waybill) => Promise<unknown>): Promise<void> {
  const page = await openPage()
  const waybill = page.window.createWaybill({ endpoint: site.endpoint, writeKey: 'wk_1', name })
  onTestFinished(() => waybill.close())
  await use(waybill)
}

test.each<[what: string, stored: Stored, others?: string[]]>([
  ['of format 1', format1 as unknown as Stored],
  ['of format 1, with each raw record in one place', withoutCopies(format1 as unknown as Stored)],
  ['of format 1, from before it had all its members', withoutNewerMembers(format1 as unknown as Stored), LANES],
])(
  'what an earlier release has stored, %s, is delivered as it is, and gone on from',
  async (_what, stored, others = []) => {
    const [site, name] = [createSite(), createDatabaseName()]
    await restore(stored, name, others)
    const state = recordOf(stored, 'state') as unknown as BufferState & { stream: NonNullable<BufferState['stream']> }
    const delivery = recordOf(stored, 'cuts') as unknown as Partial<Delivery> & Pick<Delivery, 'list' | 'recorded'>
    const lines = stored.records.filter(([key]) => typeof key !== 'string').map(([, text]) => text as string)
    const rawRecords = new Map([
      ...stored.records.filter(([key]) => String(key).startsWith('raw:')),
      ...Object.entries(stored.words).map(([id, text]): [Key, unknown] => [`raw:${id}`, JSON.parse(text)]),
    ])
    const raw = [...rawRecords].toSorted().map(([, record]) => record as RawRecord)
    expect(lines.length * raw.length * Object.keys(stored.words).length).toBeGreaterThan(0)

    await visit(name, site, async (waybill) => {
      expect(await waybill.track('now')).toMatchObject({ status: 'durable' })
      expect(await waybill.flush()).toEqual({ recorded: true })
      expect(await waybill.stats()).toMatchObject({
        pending: 0,
        bytes: 0,
        cuts: 0,
        dropped: 0,
        stuck: false,
        shed: delivery.shed ?? 0,
      })
    })

    // The batch that was under way: the same id, the same bytes, and what a collector has said of it.
    const [head, ...rest] = await site.batches()
    const cut = delivery.list[0] as Cut
    const { batchId, streamId, first, last, cutAt, receipt } = cut
    expect(head?.header).toMatchObject({ batchId, streamId, first, last, cutAt, receipt, attempt: cut.attempt + 1 })
    expect(head?.rest).toBe(`${lines.slice(0, last - first + 1).join('\n')}\n`)

    // Every line after it, with its bytes and in its order; then what was not stamped yet, once; then what is new.
    const sent = [head, ...rest].flatMap((batch) => batch?.rest.trimEnd().split('\n') ?? [])
    expect(sent.slice(0, lines.length)).toEqual(lines)
    const added = sent.slice(lines.length).map(parseLine)
    const events = raw.flatMap(({ operations }) =>
      operations.flatMap((one) => ('text' in one ? JSON.parse(one.text).event : [])),
    )
    expect(added.map(({ event }) => event)).toEqual([...events, 'now'])

    // The stream, the person and all that has accumulated go on. The visit is another one by now.
    const { stream } = state
    const { session, visitor } = stream.values as unknown as {
      session: { number: number; events: number }
      visitor: { events: number }
    }
    expect(added.map(({ seq }) => seq)).toEqual(added.map((_, index) => stream.seq + index + 1))
    for (const line of added) {
      expect(line).toMatchObject({ streamId: stream.streamId, anonymousId: stream.anonymousId, userId: stream.userId })
      expect(line.state.registered).toEqual(stream.values.registered)
      // Of which stream they were nobody wrote down then.
      expect(line.state.buffer).toMatchObject({ shed: 0, rejected: 0, dropped: 0 })
    }
    expect(added.map(({ state }) => state.visitor.events)).toEqual(added.map((_, index) => visitor.events + index + 1))
    expect(added.map(({ state }) => [state.session.number, state.session.events])).toEqual([
      ...events.map((_, index) => [session.number, session.events + index + 1]),
      [session.number + 1, 1],
    ])

    const after = await readAll(openStores(name))
    expect([after.lines, after.raw]).toEqual([[], []])
    expect(after.delivery.recorded).toBe(
      delivery.recorded + sent.map(parseRange).reduce((sum, count) => sum + count, 0),
    )
  },
)

const parseRange = (text: string): number => {
  const { seq, through = seq } = JSON.parse(text)
  return through - seq + 1
}
