import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CollectorProcess, startCollector } from '../collector-process.ts'
import { type Destination, startDestination } from '../destination.ts'
import type { Engine, EngineBrowser } from '../engines/engine.ts'
import { startProxy } from '../proxy.ts'
import { scale } from '../scale.ts'
import { startSite } from '../site.ts'
import { excuses } from './excuses.ts'
import { createLedger, type Tally } from './ledger.ts'
import { keepMeasured } from './measurements.ts'
import type { Row } from './row.ts'
import { EAGER, type Scenario, type Stage } from './scenario.ts'
import { type ScenarioName, scenarios } from './scenarios.ts'
import { skips } from './skips.ts'

const named = (Object.entries(scenarios) as [ScenarioName, Scenario][]).map(([name, scenario]) => ({
  name,
  ...scenario,
}))

/**
 * Brings every fault about in one engine, and proves from the destination's data that no event was lost and none was
 * stored twice. One browser, one Worker and one destination serve all scenarios.
 */
export function runScenarios(engine: Engine): void {
  const missing = engine.unavailable()
  if (missing && process.env.CI === 'true') throw new Error(`${engine.name} is mandatory in CI: ${missing}`)

  const rows: Row[] = []
  let destination: Destination
  let collector: CollectorProcess
  let browser: EngineBrowser | undefined
  let version: string | undefined

  const openBrowser = async () => {
    browser ??= await engine.open()
    version = browser.version
    return browser
  }
  const closeBrowser = async () => {
    const open = browser
    browser = undefined
    await open?.close()
  }

  beforeAll(async () => {
    if (missing) return
    destination = await startDestination()
    collector = await startCollector({ webhook: destination })
    await openBrowser()
  })

  afterAll(async () => {
    await closeBrowser()
    await collector?.close()
    await destination?.close()
    const date = new Date().toISOString().slice(0, 10)
    const form = scale > 1 ? 'full' : 'short'
    await keepMeasured({ engine: engine.name, ...(version ? { version } : {}), date, form, rows })
  })

  async function meet({ fault, run }: Scenario): Promise<Tally> {
    await using site = await startSite(engine.head === undefined ? {} : { head: engine.head })
    await using proxy = await startProxy({ upstream: collector.url })
    const browser = await openBrowser()
    const ledger = createLedger(`${engine.name}: ${fault}`)
    const app: Stage['app'] = (options = EAGER, before) =>
      site.appPage({ endpoint: proxy.url, writeKey: collector.writeKey, ...options }, before ? { before } : {})
    const openApp: Stage['openApp'] = (...page) => browser.newPage(app(...page))
    await run({ engine, browser, site, proxy, collector, destination, ledger, app, openApp })

    // The next visit stamps and delivers whatever is left.
    const page = await openApp()
    expect(await page.evaluate(() => window.waybill.flush({ timeout: 30_000 }))).toEqual({ recorded: true })
    const { recorded, pending } = await page.evaluate(() => window.waybill.stats())
    await page.close()
    return ledger.tally(destination.deliveries, recorded + pending)
  }

  describe(engine.name, () => {
    // In a loop: `test.for` cuts a title that comes out of the data at 40 characters.
    for (const { name, ...scenario } of named)
      test(scenario.behaviour, async ({ skip, onTestFailed }) => {
        const { fault } = scenario
        const skipped = missing ?? skips[engine.name][name]
        if (skipped !== undefined) {
          rows.push({ fault, skipped })
          skip(skipped)
        }
        onTestFailed(async ({ task }) => {
          console.log(collector.logs().split('\n').slice(-40).join('\n'))
          if (!rows.some((row) => row.fault === fault)) {
            rows.push({ fault, failed: task.result?.errors?.[0]?.message ?? 'failed' })
          }
          // Nobody knows in which state the fault has left it.
          await closeBrowser()
        })
        const tally = await meet(scenario)
        const excuse = excuses[engine.name][name]
        rows.push({ fault, tally, ...(excuse ? { excuse: excuse.reason } : {}) })
        const lost = tally.lost.filter((marker) => !excuse?.lost.test(marker))
        expect({ lost, repeated: tally.repeated }).toEqual({ lost: [], repeated: 0 })
      })
  })
}
