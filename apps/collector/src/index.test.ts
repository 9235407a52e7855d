import { expect, test, vi } from 'vitest'
import worker from './index.ts'

test('a Worker that nobody has set up answers with 500, so that clients keep their events, and logs what to set', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  const request = new Request('https://collector.example/v1/events?key=wk_1', { method: 'POST', body: '' })
  const response = await worker.fetch(request as never, {} as never, {} as never)
  expect(response.status).toBe(500)
  expect(await response.json()).toMatchObject({ code: 'internal_error' })
  const entry = JSON.parse(String(error.mock.lastCall?.[0]))
  expect(entry).toMatchObject({ status: 500, detail: expect.stringContaining('WRITE_KEYS: set it') })
})
