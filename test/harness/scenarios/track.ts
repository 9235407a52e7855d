import type { TrackResult } from '@waybill/browser'
import type { EnginePage } from '../engines/engine.ts'
import type { Ledger } from './ledger.ts'

/** Hands so many events over in one burst, and returns what each promise resolved to. */
export const track = (page: EnginePage, ledger: Ledger, count: number): Promise<TrackResult[]> =>
  page.evaluate(
    ({ run, markers }) => Promise.all(markers.map((marker) => window.waybill.track('Marked', { run, marker }))),
    { run: ledger.run, markers: ledger.take(count) },
  )
