/** What the server of whoever asks says when it has taken everything. */
export function toAnswer(url: string, body: string): object {
  const { pathname } = new URL(url, 'http://localhost')
  switch (true) {
    case pathname === '/v1/events':
      return toRecorded(body)
    case pathname.startsWith('/com.snowplowanalytics'):
      return {}
    case pathname === '/2/httpapi':
      return { code: 200, events_ingested: 1, payload_size_bytes: body.length, server_upload_time: Date.now() }
    case pathname.startsWith('/track'):
      return { status: 1, error: null }
    case pathname.startsWith('/api/'):
      return { id: '0'.repeat(32) }
    case pathname === '/v1/t':
      return { success: true }
    case pathname === '/e/' || pathname === '/i/v0/e/' || pathname === '/batch/':
      return { status: 1 }
    default:
      return {}
  }
}

/** Waybill's answer names the batch that it is about, or it counts for none. */
function toRecorded(body: string): object {
  const { batchId, first, last } = JSON.parse(body.slice(0, body.indexOf('\n')))
  return { batchId, recorded: last - first + 1, rejected: [] }
}
