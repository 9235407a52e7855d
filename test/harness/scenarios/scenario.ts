import type { WaybillOptions } from '@waybill/browser'
import type { CollectorProcess } from '../collector-process.ts'
import type { Destination } from '../destination.ts'
import type { Engine, EngineBrowser, EnginePage } from '../engines/engine.ts'
import type { startProxy } from '../proxy.ts'
import type { Site } from '../site.ts'
import type { Ledger } from './ledger.ts'

/** One fault, written once and met by every engine. */
export interface Scenario {
  /** What goes wrong, as the table names it. */
  fault: string
  /** What the test is called: a sentence about behaviour. */
  behaviour: string
  /** Brings the fault about. What was handed over is in the ledger when it ends. */
  run(stage: Stage): Promise<void>
}

/**
 * The whole path, page → proxy → Worker → destination, for one scenario in one engine: an origin of its own, so a buffer
 * of its own, in a browser that the engine's scenarios share.
 */
export interface Stage {
  engine: Engine
  browser: EngineBrowser
  site: Site
  proxy: Awaited<ReturnType<typeof startProxy>>
  collector: CollectorProcess
  destination: Destination
  ledger: Ledger
  /** The URL of a page with the SDK started. Without options it is eager; `before` is a script that runs first. */
  app(options?: Partial<WaybillOptions>, before?: string): string
  openApp(options?: Partial<WaybillOptions>, before?: string): Promise<EnginePage>
}

/** Sends soon and often, so that no test waits for a timer that is made for people. */
export const EAGER = { flushAt: 10, flushInterval: 100, requestTimeout: 5_000 }

/** Sends nothing before it is asked to, but for what it finds when it starts. */
export const PATIENT = { flushAt: 1_000_000, flushInterval: 3_600_000 }
