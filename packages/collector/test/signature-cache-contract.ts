import { describe, expect, test } from 'vitest'
import type { SignatureCache } from '../src/core/signature-cache.ts'

export interface SignatureCacheSetUp {
  cache: SignatureCache
  /** Resolves when what was written for a second is over. */
  pass: (isOver: () => Promise<boolean>) => Promise<void>
}

/** What every signature cache keeps to. `remembers` is false for one that keeps nothing, which is in its right. */
export function signatureCacheContract(
  name: string,
  create: () => SignatureCacheSetUp,
  { remembers = true }: { remembers?: boolean } = {},
): void {
  const remembered = (text: string) => (remembers ? text : undefined)
  // Some outlive a test.
  const signatureOf = (text: string) => `${text} ${crypto.randomUUID()}`

  describe(`${name} keeps the contract of signature caches`, () => {
    test('it knows nothing of what was never written', async () => {
      const { cache } = create()
      expect(await cache.read(signatureOf('a'))).toBeUndefined()
    })

    test('it knows what was written last, to the letter', async () => {
      const { cache } = create()
      const signature = signatureOf('a')
      for (const text of ['first', 'Zürich ✓ \n"', '', 'x'.repeat(100_000)]) {
        await cache.write(signature, text, 60)
        expect(await cache.read(signature)).toBe(remembered(text))
      }
    })

    test('it mixes up no two', async () => {
      const { cache } = create()
      const [one, other] = [signatureOf('a/b?c#d'), signatureOf('a/b?c')]
      await Promise.all([cache.write(one, 'one', 60), cache.write(other, 'other', 60)])
      expect([await cache.read(one), await cache.read(other)]).toEqual([remembered('one'), remembered('other')])
    })

    test('it forgets what it is told to, and nothing else', async () => {
      const { cache } = create()
      const [one, other] = [signatureOf('a'), signatureOf('b')]
      await cache.write(one, 'one', 60)
      await cache.write(other, 'other', 60)
      await cache.forget(one)
      expect([await cache.read(one), await cache.read(other)]).toEqual([undefined, remembered('other')])
    })

    test('it may be told to forget what it never knew', async () => {
      const { cache } = create()
      await cache.forget(signatureOf('a'))
    })

    test('it forgets by itself, in its time', async () => {
      const { cache, pass } = create()
      const [short, long] = [signatureOf('a'), signatureOf('b')]
      await cache.write(short, 'short', 1)
      await cache.write(long, 'long', 600)
      await pass(async () => (await cache.read(short)) === undefined)
      expect([await cache.read(short), await cache.read(long)]).toEqual([undefined, remembered('long')])
    })
  })
}
