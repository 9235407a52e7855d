import { expect } from 'vitest'
import { flush, trackMany } from '../harness/client.ts'
import { test } from '../harness/fixtures.ts'

test('no batch costs a preflight, plain or gzip', async ({ openPatientApp, proxy }) => {
  for (const gzip of [false, true]) {
    const page = await openPatientApp({ gzip })
    await trackMany(page, 100)
    expect(await flush(page)).toEqual({ recorded: true })
    await page.close()
  }
  const encodings = proxy.batches().map(({ path }) => new URL(path, proxy.url).searchParams.get('encoding'))
  expect(new Set(encodings)).toEqual(new Set([null, 'gzip']))
  expect(proxy.seen.map(({ method }) => method)).not.toContain('OPTIONS')
})

test('a request that does cost a preflight is seen as one', async ({ openPatientApp, proxy }) => {
  const page = await openPatientApp()
  await page.evaluate(
    (url) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).catch(() => {}),
    `${proxy.url}/v1/events`,
  )
  expect(proxy.seen.map(({ method }) => method)).toContain('OPTIONS')
})
