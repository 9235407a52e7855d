import type { Fetch } from '../../src/core/http.ts'
import { toObjectKey } from '../../src/core/object-key.ts'
import type { Destination } from '../sink-contract.ts'
import { isSigned, sha256 } from './aws-signature.ts'
import { neverUnless } from './never-unless.ts'

/**
 * A fake of S3, written from Amazon's documentation, as no S3 server on npm knows conditional writes and
 * checks signatures, which this does.
 *
 * - PutObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * - HeadObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 * - HeadBucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
 * - `If-None-Match: *`: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 * - errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export function fakeS3({ bucket, secretAccessKey }: { bucket: string; secretAccessKey: string }): {
  destination: Destination
  objects: Map<string, { headers: Headers; text: string }>
  fetch: Fetch
} {
  const objects = new Map<string, { headers: Headers; text: string }>()
  const destination: Destination = {
    mode: 'works',
    async held(batch) {
      const beginning = toObjectKey(batch).replace('.ndjson', '')
      return [...objects].filter(([key]) => key.includes(beginning)).map(([, { text }]) => text.trimEnd().split('\n'))
    },
  }
  const fetch: Fetch = async (url, { method = 'GET', body, headers: given, signal }) => {
    if (destination.mode === 'fails') return errorOf(500, 'InternalError', 'We encountered an internal error.')
    if (destination.mode === 'hangs') await neverUnless(signal)
    const headers = new Headers(given)
    if (!(await isSigned({ method, url, headers, secretAccessKey }))) {
      return errorOf(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match')
    }
    const text = await new Response(body ?? null).text()
    if (headers.get('x-amz-content-sha256') !== (await sha256(text))) {
      return errorOf(400, 'XAmzContentSHA256Mismatch', 'The provided x-amz-content-sha256 header does not match')
    }
    const path = decodeURIComponent(new URL(url).pathname)
    if (path === bucket && method === 'HEAD') return new Response(null)
    if (!path.startsWith(`${bucket}/`)) return errorOf(404, 'NoSuchBucket', 'The specified bucket does not exist')
    const key = path.slice(bucket.length + 1)
    const object = objects.get(key)
    if (method === 'HEAD') return new Response(null, object ? { headers: object.headers } : { status: 404 })
    if (method !== 'PUT') return errorOf(405, 'MethodNotAllowed', 'The specified method is not allowed')
    if (object && headers.get('If-None-Match') === '*') {
      return errorOf(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
    }
    const metadata = [...headers].filter(([name]) => name.startsWith('x-amz-meta-') || name === 'content-type')
    objects.set(key, { headers: new Headers(metadata), text })
    return new Response(null, { headers: { ETag: '"1b2cf535f27731c974343645a3985328"' } })
  }
  return { destination, objects, fetch }
}

const errorOf = (status: number, code: string, message: string) =>
  new Response(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    { status, headers: { 'Content-Type': 'application/xml' } },
  )
