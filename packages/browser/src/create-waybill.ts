import { assembleWaybill } from './assemble-waybill.ts'
import type { Accumulator } from './core/accumulator.ts'
import { standardAccumulators } from './core/accumulators/standard.ts'
import { openBrowser } from './open-browser.ts'
import type { WaybillOptions } from './options.ts'
import type { EventMap, Waybill } from './waybill.ts'

/**
 * Starts a Waybill on this page; what earlier pages left behind is sent, too. Where there is no browser (a server
 * that renders the page) every call is dropped for `no_browser`.
 */
export const createWaybill = <
  Events extends EventMap<Events> = EventMap,
  Accumulators extends readonly Accumulator[] = readonly Accumulator[],
>(
  options: WaybillOptions<Accumulators>,
): Waybill<Events, Accumulators> => assembleWaybill(options, openBrowser(options), standardAccumulators(options))

/**
 * The same with no accumulators but those of the options, for pages that count every byte: `session()`, `visitor` and
 * `identity` are only in the bundle where they are named. Without `session` nothing has the scope `session`, and
 * `sessionEnded` does nothing.
 */
export const createCoreWaybill = <
  Events extends EventMap<Events> = EventMap,
  Accumulators extends readonly Accumulator[] = readonly Accumulator[],
>(
  options: WaybillOptions<Accumulators>,
): Waybill<Events, Accumulators> => assembleWaybill(options, openBrowser(options), [])
