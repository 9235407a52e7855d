/** One object of the Worker's local R2 bucket. */
export interface StoredObject {
  key: string
  body: string
  customMetadata: Readonly<Record<string, string>>
}

interface Explored<Result> {
  result: Result
  result_info?: { cursor?: string }
}

/**
 * What the running Worker's R2 bucket holds, read through the explorer that wrangler dev serves beside the Worker: the
 * process that writes is the one that reads, so nobody else opens its files.
 */
export async function readR2(bucket: { url: string; prefix?: string }): Promise<StoredObject[]> {
  const objects: StoredObject[] = []
  for await (const object of eachObject(bucket)) objects.push(object)
  return objects
}

/** The same, of which a little is in memory at a time. */
export async function* eachObject({
  url,
  prefix = '',
}: {
  url: string
  prefix?: string
}): AsyncGenerator<StoredObject> {
  const api = `${url}/cdn-cgi/local/explorer/api/r2/buckets`
  const ask = async (path: string, headers?: Record<string, string>) => {
    const response = await fetch(api + path, headers ? { headers } : {})
    if (!response.ok) throw new Error(`R2 explorer: ${response.status} for ${path}`)
    return response
  }
  const askJson = async <Result>(path: string, headers?: Record<string, string>) =>
    (await (await ask(path, headers)).json()) as Explored<Result>

  const { result } = await askJson<{ buckets: { name: string }[] }>('')
  const [bucket] = result.buckets
  if (!bucket || result.buckets.length > 1)
    throw new Error(`${result.buckets.length} R2 buckets where one was expected`)

  async function read(key: string): Promise<StoredObject> {
    const path = `/${bucket?.name}/objects/${encodeURIComponent(key)}`
    const head = await askJson<{ custom_metadata?: Record<string, string> }>(path, { 'cf-metadata-only': 'true' })
    return { key, body: await (await ask(path)).text(), customMetadata: head.result.custom_metadata ?? {} }
  }

  let cursor: string | undefined
  do {
    const query = new URLSearchParams({ prefix, ...(cursor === undefined ? {} : { cursor }) })
    const page = await askJson<{ key: string }[]>(`/${bucket.name}/objects?${query}`)
    const keys = page.result.map(({ key }) => key)
    while (keys.length > 0) yield* await Promise.all(keys.splice(0, 20).map(read))
    cursor = page.result_info?.cursor
  } while (cursor !== undefined)
}
