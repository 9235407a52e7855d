import { expect, test, vi } from 'vitest'
import { batchOf } from '../test/batches.ts'
import { ORIGIN, present, problemOf } from '../test/present.ts'
import { type BatchLog, ConfigurationError, misconfiguredCollector } from './index.ts'

test('a collector that is set up wrongly answers everything with 500, and logs what to set', async () => {
  const log = vi.fn<(entry: BatchLog) => void>()
  const app = misconfiguredCollector(new ConfigurationError('WRITE_KEYS: set it.'), { log })
  const response = await present(app, batchOf(1, 2))
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
  const problem = await problemOf(response)
  expect(problem.code).toBe('internal_error')
  expect(JSON.stringify(problem)).not.toContain('WRITE_KEYS')
  expect(log.mock.lastCall?.[0].detail).toContain('WRITE_KEYS: set it.')
  expect((await app.request('/health')).status).toBe(500)
})

test('a log that throws changes nothing about the answer', async () => {
  const log = () => {
    throw new Error('the disk is full')
  }
  const response = await present(misconfiguredCollector(new ConfigurationError('x'), { log }), batchOf(1, 2))
  expect((await problemOf(response)).code).toBe('internal_error')
})

test('what an error says of a URL is logged without its path, and where it was thrown is', async () => {
  const log = vi.fn<(entry: BatchLog) => void>()
  const error = new TypeError('Invalid URL: https://hooks.example.com/T0/SECRET')
  await present(misconfiguredCollector(error, { log }), batchOf(1, 2))
  const detail = log.mock.lastCall?.[0].detail
  expect(detail).toMatch(/^TypeError: Invalid URL: https:\/\/hooks\.example\.com +at .*misconfigured-collector\.test/)
  expect(detail).not.toContain('SECRET')
})
