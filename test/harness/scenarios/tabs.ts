import { expect } from 'vitest'
import type { EnginePage } from '../engines/engine.ts'
import { scale } from '../scale.ts'
import type { Scenario } from './scenario.ts'
import { track } from './track.ts'

const TABS = 8
const EVENTS = 500
const BURST = 50

export const manyTabs: Scenario = {
  fault: `${TABS} tabs that track ${EVENTS * scale} events each at the same time`,
  behaviour: `${TABS} tabs of one profile that track at the same time share one stream without a gap`,
  async run({ openApp, ledger }) {
    const tabs: EnginePage[] = []
    for (let tab = 0; tab < TABS; tab += 1) tabs.push(await openApp({ flushAt: 200, flushInterval: 500 }))
    await Promise.all(
      tabs.map(async (tab) => {
        for (let done = 0; done < EVENTS * scale; done += BURST) await track(tab, ledger, BURST)
      }),
    )
    const streams = await Promise.all(
      tabs.map((tab) => tab.evaluate(async () => (await window.waybill.stats()).streamId)),
    )
    expect(new Set(streams).size).toBe(1)
    for (const tab of tabs) await tab.close()
  },
}
