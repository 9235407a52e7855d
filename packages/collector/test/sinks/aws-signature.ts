/** What is signed of a request to S3, and with what. */
export interface SignedRequest {
  method: string
  url: string
  headers: Headers
  secretAccessKey: string
}

const encoder = new TextEncoder()

/**
 * Whether the `Authorization` of a request to S3 is the one that Amazon would calculate for it, Signature Version 4. Written
 * from the documentation, on purpose without what the sink signs with:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export async function isSigned({ method, url, headers, secretAccessKey }: SignedRequest): Promise<boolean> {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=[^/,]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/
  const [, day = '', region = '', names = '', signature] = pattern.exec(headers.get('Authorization') ?? '') ?? []
  const { host, pathname } = new URL(url)
  const headerOf = (name: string) => (name === 'host' ? host : headers.get(name)?.trim().replace(/ +/g, ' '))
  const canonical = [
    method,
    decodeURIComponent(pathname).split('/').map(encode).join('/'),
    '',
    ...names.split(';').map((name) => `${name}:${headerOf(name)}`),
    '',
    names,
    headers.get('x-amz-content-sha256'),
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', headers.get('x-amz-date'), scope, await sha256(canonical)].join('\n')
  let key = encoder.encode(`AWS4${secretAccessKey}`)
  for (const part of [day, region, 's3', 'aws4_request']) key = await hmac(key, part)
  return signature === toHex(await hmac(key, text))
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)

const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

export const sha256 = async (text: string): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text))))

async function hmac(secret: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
}
