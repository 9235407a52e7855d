import { ConfigurationError } from '../core/configuration-error.ts'
import type { SignatureCache } from '../core/signature-cache.ts'

/**
 * The Cache API of Cloudflare Workers: shared by all isolates of one data centre, and by no other. On workers.dev it does
 * nothing (https://developers.cloudflare.com/workers/runtime-apis/cache/), which costs repeats. Throws a
 * `ConfigurationError` where there is no Cache API.
 *
 * @param name of the cache, apart from what the zone caches: no request from outside reads it. Default `waybill`.
 */
export function workersSignatureCache({ name = 'waybill' }: { name?: string } = {}): SignatureCache {
  if (globalThis.caches === undefined) {
    throw new ConfigurationError('signatureCache: there is no Cache API here; use memorySignatureCache().')
  }
  // Opened for each request: what workerd hands to one is not another's.
  const open = () => caches.open(name)
  const toUrl = (signature: string) => `https://signatures.waybill.invalid/${encodeURIComponent(signature)}`
  return {
    async read(signature) {
      const found = await (await open()).match(toUrl(signature))
      return found?.text()
    },
    async write(signature, text, seconds) {
      const headers = { 'Cache-Control': `max-age=${Math.max(1, Math.ceil(seconds))}` }
      await (await open()).put(toUrl(signature), new Response(text, { headers }))
    },
    async forget(signature) {
      await (await open()).delete(toUrl(signature))
    },
  }
}
