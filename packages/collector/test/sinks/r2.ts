import { env } from 'cloudflare:workers'
import { toObjectKey } from '../../src/core/object-key.ts'
import { type Bucket, r2Sink } from '../../src/sinks/r2-sink.ts'
import type { Destination, SinkFixture } from '../sink-contract.ts'

/** The R2 of workerd. */
export function create(): SinkFixture {
  const prefix = `${crypto.randomUUID()}/`
  const destination: Destination = {
    mode: 'works',
    async held(batch) {
      const { objects } = await env.EVENTS.list({ prefix: prefix + toObjectKey(batch).replace('.ndjson', '') })
      const texts = await Promise.all(objects.map(async ({ key }) => (await env.EVENTS.get(key))?.text()))
      return texts.map((text) => text?.trimEnd().split('\n') ?? [])
    },
  }
  async function away() {
    if (destination.mode === 'fails') throw new Error('R2 is away')
    if (destination.mode === 'hangs') await new Promise(() => {})
  }
  const bucket: Bucket = {
    async head(key) {
      await away()
      return env.EVENTS.head(key)
    },
    async put(key, value, options) {
      await away()
      return env.EVENTS.put(key, value, options)
    },
  }
  return {
    sink: r2Sink({ bucket, bucketName: 'events', prefix }),
    destination,
    elsewhere: [
      r2Sink({ bucket, bucketName: 'others', prefix }),
      r2Sink({ bucket, bucketName: 'events', prefix: 'elsewhere/' }),
    ],
  }
}
