/** What a batch id says. Throws for what is none. */
export function parseBatchId(batchId: string) {
  const [, streamId = '', first, last] = /^([0-9a-f-]{36}):(\d+)-(\d+)$/.exec(batchId) ?? []
  if (streamId === '') throw new Error(`${batchId} is no batch id`)
  return { streamId, first: Number(first), last: Number(last) }
}
