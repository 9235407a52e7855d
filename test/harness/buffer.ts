import type { Page } from 'playwright'

/** The range of one cut batch, as the record in IndexedDB names it. */
export interface CutRange {
  streamId: string
  first: number
  last: number
}

/** Reads the batches that were cut, straight from the page's IndexedDB. */
export const readCuts = (page: Page): Promise<CutRange[]> =>
  page.evaluate(async () => {
    const answer = <Value>(request: IDBRequest<Value>) =>
      new Promise<Value>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const db = await answer(indexedDB.open('waybill'))
    try {
      const record: { list: CutRange[] } | undefined = await answer(
        db.transaction('buffer').objectStore('buffer').get('cuts'),
      )
      return (record?.list ?? []).map(({ streamId, first, last }) => ({ streamId, first, last }))
    } finally {
      db.close()
    }
  })

/** Gives the stored text of one event of the page's only stream another member, as a fault of storage or of an extension might. */
export const spoilStoredEvent = (page: Page, seq: number, spoilt: Record<string, string>): Promise<void> =>
  page.evaluate(
    async ([seq, spoilt]) => {
      const answer = <Value>(request: IDBRequest<Value>) =>
        new Promise<Value>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result)
          request.onerror = () => reject(request.error)
        })
      const db = await answer(indexedDB.open('waybill'))
      try {
        const store = db.transaction('buffer', 'readwrite').objectStore('buffer')
        const keys = await answer(store.getAllKeys())
        const key = keys.find((key) => Array.isArray(key) && key[1] === seq)
        if (!key) throw new Error(`No event ${seq} is stored`)
        const text: string = await answer(store.get(key))
        await answer(store.put(JSON.stringify({ ...JSON.parse(text), ...spoilt }), key))
      } finally {
        db.close()
      }
    },
    [seq, spoilt] as const,
  )
