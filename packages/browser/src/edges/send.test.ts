import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createSite, type SeenRequest } from '../../test/site.ts'
import { createSender } from './send.ts'

const { signal: never } = new AbortController()

const toBatch = (line: string) => {
  const streamId = '0192d0c0-0000-7000-8000-000000000001'
  return `${JSON.stringify({ v: 1, batchId: `${streamId}:1-1`, streamId, first: 1, last: 1 })}\n${line}\n`
}
const small = toBatch('{"seq":1,"note":"naïve ✓"}')
const large = toBatch(JSON.stringify({ seq: 1, note: 'naïve ✓'.repeat(500) }))
/** Too long for a request that outlives its page, however well it is compressed. */
const huge = toBatch(
  JSON.stringify({ seq: 1, note: Array.from(crypto.getRandomValues(new Uint8Array(60_000))).join() }),
)

const only = async (seen: Promise<SeenRequest[]>): Promise<SeenRequest> => {
  const [request, ...more] = await seen
  if (!request || more.length > 0) throw new Error(`${more.length} more requests`)
  return request
}

describe('a request', () => {
  test('is a POST of the batch as plain text, with the key and nothing else', async () => {
    const site = createSite()
    await createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })(small, never)
    expect(await only(site.seen())).toMatchObject({
      method: 'POST',
      path: `/${site.name}/v1/events`,
      query: { key: 'wk_1' },
      body: small,
      headers: { 'content-type': 'text/plain' },
    })
  })

  test('brings no header outside the CORS safelist and no credentials, so that no preflight goes before it', async () => {
    const site = createSite()
    const send = createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })
    for (const batch of [small, large, huge]) await send(batch, never)
    const seen = await site.seen()
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST'])
    // What Chromium itself sends along with every request.
    const own =
      /^(host|connection|content-length|user-agent|origin|referer|accept-encoding|sec-.+|pragma|cache-control)$/
    const names = new Set(seen.flatMap(({ headers }) => Object.keys(headers)).filter((name) => !own.test(name)))
    expect([...names].sort()).toEqual(['accept', 'accept-language', 'content-type'])
  })

  test('goes to /v1/events of an origin, and to a path as it is', async () => {
    const site = createSite()
    await createSender({ endpoint: `${site.endpoint}?tenant=7`, writeKey: 'wk 1&' })(small, never)
    const request = await only(site.seen())
    expect(request.path).toBe(`/${site.name}/v1/events`)
    expect(request.query).toEqual({ tenant: '7', key: 'wk 1&' })

    const origin = new URL(site.endpoint).origin
    for (const endpoint of [origin, `${origin}/`]) {
      expect((await createSender({ endpoint, writeKey: site.name })(small, never)).status).toBe(200)
    }
  })
})

describe('gzip', () => {
  const travel = async (batch: string, gzip?: boolean) => {
    const site = createSite()
    await createSender({ endpoint: site.endpoint, writeKey: 'wk_1', gzip })(batch, never)
    return only(site.seen())
  }
  const bytes = (text: string) => new TextEncoder().encode(text).length
  const ofBytes = (total: number) => toBatch(`"${'x'.repeat(total - bytes(toBatch('""')))}"`)

  test('is used from 1 KiB on, and says so', async () => {
    const request = await travel(large)
    expect(request.query).toEqual({ key: 'wk_1', encoding: 'gzip' })
    expect(request.body).toBe(large)
    expect(request.bytes).toBeLessThan(bytes(large) / 4)
    expect((await travel(ofBytes(1_024))).query.encoding).toBe('gzip')
  })

  test('is not used below 1 KiB', async () => {
    const request = await travel(ofBytes(1_023))
    expect(request.query).toEqual({ key: 'wk_1' })
    expect(request.bytes).toBe(1_023)
  })

  test('can be turned off', async () => {
    expect((await travel(large, false)).bytes).toBe(bytes(large))
  })
})

describe('an answer', () => {
  test('is its status, its Retry-After and its whole body', async () => {
    const site = createSite()
    await site.answer({ status: 503, retryAfter: '7', body: '{"a":"✓"}' })
    const send = createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })
    expect(await send(small, never)).toEqual({ status: 503, retryAfter: '7', body: '{"a":"✓"}' })
    expect(await send(small, never)).toMatchObject({ status: 200, retryAfter: null })
  })

  test('that never comes is no answer', async () => {
    const site = createSite()
    await site.answer({ hang: true }, { hang: true })
    const send = createSender({ endpoint: site.endpoint, writeKey: 'wk_1', requestTimeout: 50 })
    expect(await send(small, never)).toEqual({ status: 0, failure: 'timeout' })
    expect(await send(huge, never)).toEqual({ status: 0, failure: 'timeout' })
  })

  test('of a connection that breaks is none', async () => {
    const site = createSite()
    // Chromium sends a request again when its connection breaks before a byte came back.
    await site.answer({ reset: true }, { reset: true }, { reset: true }, { reset: true })
    const send = createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })
    expect(await send(small, never)).toEqual({ status: 0, failure: expect.stringContaining('TypeError') })
  })

  test('that leads elsewhere is none: it is a captive portal’s', async () => {
    const site = createSite()
    const elsewhere = { status: 302, location: `${site.endpoint}?elsewhere`, body: '' }
    await site.answer(elsewhere, elsewhere)
    expect(await createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })(small, never)).toMatchObject({ status: 0 })
  })

  test.each(['', 'no url at all:', 'http://', 'https://[', 'javascript:alert(1)'])(
    'of an endpoint that can’t be called is none: %s',
    async (endpoint) => {
      const answer = await createSender({ endpoint, writeKey: 'wk_1', requestTimeout: 2_000 })(small, never)
      expect(answer.status === 0 || answer.status >= 400).toBe(true)
    },
  )
})

describe('an answer that is too long', () => {
  const answerOf = async (body: string) => {
    const site = createSite()
    await site.answer({ body })
    return createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })(small, never)
  }

  test('is none', async () => {
    expect(await answerOf('x'.repeat(1_048_577))).toEqual({ status: 0, failure: 'Error: the answer is too long' })
  })

  test('is not the longest that a collector can give', async () => {
    const rejected = Array.from({ length: 500 }, (_, index) => ({
      seq: Number.MAX_SAFE_INTEGER - index,
      messageId: `0192d0c0-0000-7000-8000-000000000001.${Number.MAX_SAFE_INTEGER - index}`,
      code: 'properties_too_large',
      detail: 'x'.repeat(1_000),
    }))
    const body = JSON.stringify({ rejected })
    expect(await answerOf(body)).toMatchObject({ status: 200, body })
  })
})

describe('when the page lets go', () => {
  test('a request that would not outlive it is ended', async () => {
    const site = createSite()
    await site.answer({ hang: true })
    const stop = new AbortController()
    const sent = createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })(huge, stop.signal)
    await expect.poll(async () => (await site.seen()).length).toBe(1)
    stop.abort()
    expect(await sent).toEqual({ status: 0, failure: 'released' })
  })

  test.each([
    ['would not outlive it', huge],
    ['would', large],
  ])(
    'a request that %s does not begin, though it was being compressed: it may be thawed hours later',
    async (_, text) => {
      const site = createSite()
      const stop = new AbortController()
      const send = createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })
      const sent = send(text, stop.signal)
      stop.abort()
      expect(await sent).toEqual({ status: 0, failure: 'released' })
      await send(small, never)
      expect((await only(site.seen())).body).toBe(small)
    },
  )

  test('a request that outlives it goes on', async () => {
    const site = createSite()
    const fetch = vi.spyOn(globalThis, 'fetch')
    onTestFinished(() => fetch.mockRestore())
    const stop = new AbortController()
    const sent = createSender({ endpoint: site.endpoint, writeKey: 'wk_1' })(small, stop.signal)
    await expect.poll(() => fetch.mock.calls.length).toBe(1)
    stop.abort()
    expect(await sent).toMatchObject({ status: 200 })
  })
})

describe('the keepalive budget', () => {
  const ofBytes = (bytes: number) => toBatch(`"${'x'.repeat(bytes)}"`)
  const most = ofBytes(48_000)
  const elsewhere = { status: 302, location: '/elsewhere' }

  /** Sends for real, and shows for each request whether the browser was asked to let it outlive its page. */
  function watchSender() {
    const site = createSite()
    const fetch = vi.spyOn(globalThis, 'fetch')
    onTestFinished(() => fetch.mockRestore())
    const send = createSender({ endpoint: site.endpoint, writeKey: 'wk_1', gzip: false, requestTimeout: 500 })
    const sendMany = async (...batches: string[]) => {
      const before = fetch.mock.calls.length
      const answers = await Promise.all(batches.map((batch) => send(batch, never)))
      const keepalive = fetch.mock.calls.slice(before).map(([, init]) => init?.keepalive)
      return { statuses: answers.map(({ status }) => status), keepalive }
    }
    return { site, sendMany }
  }

  test('is one for all requests in flight, and one that is beyond it goes without', async () => {
    const { sendMany } = watchSender()
    const batch = ofBytes(16_000)
    expect(await sendMany(batch, batch, batch, batch)).toEqual({
      statuses: [200, 200, 200, 200],
      keepalive: [true, true, true, false],
    })
    expect((await sendMany(ofBytes(49_152))).keepalive).toEqual([false])
  })

  test('is one for all senders of a page', async () => {
    const [one, other] = [watchSender(), watchSender()]
    const [first, second] = await Promise.all([one.sendMany(most), other.sendMany(most)])
    expect([first.statuses, second.statuses]).toEqual([[200], [200]])
    expect(second.keepalive).toEqual([true, false])
  })

  test('is given back by a request that was answered, broke or timed out', async () => {
    const { site, sendMany } = watchSender()
    const whole = { statuses: [200], keepalive: [true] }
    expect(await sendMany(most)).toEqual(whole)
    expect(await sendMany(most)).toEqual(whole)
    await site.answer(elsewhere, elsewhere)
    expect((await sendMany(most)).statuses).toEqual([0])
    expect((await sendMany(small)).statuses).toEqual([200])
    expect(await sendMany(most)).toEqual(whole)
    await site.answer({ hang: true })
    expect((await sendMany(most)).statuses).toEqual([0])
    // Chromium itself goes on with a request that was aborted for a while, and refuses another; we ask for it.
    const { statuses, keepalive } = await sendMany(most)
    expect([statuses, keepalive[0]]).toEqual([[200], true])
  })

  test('that the page has spent itself is no outage', async () => {
    const { site, sendMany } = watchSender()
    await site.answer({ hang: true })
    const stop = new AbortController()
    const body = ofBytes(64_000)
    const spent = fetch(site.endpoint, { method: 'POST', body, keepalive: true, signal: stop.signal }).catch(() => {})
    await expect.poll(async () => (await site.seen()).length).toBe(1)
    const once = { statuses: [200], keepalive: [true, false] }
    expect(await sendMany(most)).toEqual(once)
    expect(await sendMany(most)).toEqual(once)
    stop.abort()
    await spent
    // Chromium gives it back a while later.
    await expect.poll(() => sendMany(most)).toEqual({ statuses: [200], keepalive: [true] })
  })

  test('is doubted once for each outage, so that no outage doubles the requests', async () => {
    const { site, sendMany } = watchSender()
    await site.answer(elsewhere, elsewhere, elsewhere, elsewhere)
    expect(await sendMany(small)).toEqual({ statuses: [0], keepalive: [true, false] })
    expect(await sendMany(small)).toEqual({ statuses: [0], keepalive: [false] })
    expect(await sendMany(small)).toEqual({ statuses: [0], keepalive: [false] })
    expect(await sendMany(small)).toEqual({ statuses: [200], keepalive: [false] })
    expect(await sendMany(small)).toEqual({ statuses: [200], keepalive: [true] })
  })
})

test('many requests in a row leave nothing of the keepalive budget behind', async () => {
  const site = createSite()
  const send = createSender({ endpoint: site.endpoint, writeKey: 'wk_1', gzip: false })
  const batch = toBatch(`"${'x'.repeat(15_000)}"`)
  for (let sent = 0; sent < 12; sent++) expect((await send(batch, never)).status).toBe(200)
})
