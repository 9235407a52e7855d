import { expect, vi } from 'vitest'
import { signatureCacheContract } from '../../test/signature-cache-contract.ts'
import { workersSignatureCache } from './workers-signature-cache.ts'

signatureCacheContract('the Cache API of Workers', () => ({
  cache: workersSignatureCache(),
  pass: (isOver) => vi.waitFor(async () => expect(await isOver()).toBe(true), { timeout: 10_000 }),
}))
