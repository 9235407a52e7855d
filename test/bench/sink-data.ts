/** How much data to make up. */
export interface Amount {
  events: number
  streams: number
}

const CHUNK = 1_000_000
const BEGAN = Date.parse('2026-11-22T10:00:00.000Z')

/**
 * What a destination holds of visitors who are there at the same time: batches of 1 to 20 events in turn, each stream in order,
 * one batch in a hundred twice. The same bytes for the same amount.
 */
export function* toSinkData({ events, streams }: Amount): Generator<string> {
  const seqs = new Uint32Array(streams)
  let text = ''
  let made = 0
  for (let round = 0; made < events; round++) {
    // A prime, so that all streams have their turn.
    const stream = (round * 7_919) % streams
    const first = (seqs[stream] as number) + 1
    const last = Math.min(first + ((round * 31) % 20), first + events - made - 1)
    for (let times = round % 100 === 0 ? 2 : 1; times > 0; times--) text += toBatch(stream, first, last, times)
    seqs[stream] = last
    made += last - first + 1
    if (text.length < CHUNK) continue
    yield text
    text = ''
  }
  yield text
}

function toBatch(stream: number, first: number, last: number, delay: number): string {
  const id = `0192d0c0-0000-7000-8000-${String(stream).padStart(12, '0')}`
  const at = (ms: number) => new Date(BEGAN + ms).toISOString()
  const received = `"received":{"at":"${at(last * 1_000 + delay * 80)}","batchId":"${id}:${first}-${last}","skewMs":12}}\n`
  let text = ''
  for (let seq = first; seq <= last; seq++) {
    text +=
      `{"streamId":"${id}","seq":${seq},"messageId":"${id}.${seq}","type":"track","event":"Product Viewed",` +
      `"properties":{"product":"P-${(stream + seq) % 977}","price":${(seq % 90) + 0.5},"currency":"EUR"},` +
      `"timestamp":"${at(seq * 1_000)}","monotonic":{"boot":"${id}","ms":${seq * 1_000.5}},` +
      '"context":{"page":{"url":"https://www.example.com/products","path":"/products","search":"","title":"Products",' +
      '"referrer":""},"locale":"en","timezone":"Europe/Berlin","library":{"name":"@waybill/browser","version":"0.1.0"}},' +
      `"anonymousId":"${id}","state":{"registered":{},"session":{"id":"${id}.s1","number":1,` +
      `"startedAt":"${at(0)}","events":${seq}},"buffer":{"pending":0,"bytes":0,"dropped":0,"rejected":0,"shed":0}},` +
      received
  }
  return text
}
