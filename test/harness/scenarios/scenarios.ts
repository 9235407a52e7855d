import { cameBack } from './came-back.ts'
import { flusherClosed, flusherCrashed } from './flusher-gone.ts'
import { killed } from './killed.ts'
import { killedInOutage } from './killed-in-outage.ts'
import { left, leftBesideBusyTab, leftInListeners, selfClosed } from './leaving.ts'
import { offline } from './offline.ts'
import { answeredWithHtml, answersLost, refused } from './outages.ts'
import { putAway } from './put-away.ts'
import type { Scenario } from './scenario.ts'
import { noIndexedDb, quotaUsedUp, siteDataCleared } from './storage.ts'
import { manyTabs } from './tabs.ts'

/** Every fault, in the order of the table. */
export const scenarios = {
  killed,
  killedInOutage,
  putAway,
  left,
  leftBesideBusyTab,
  leftInListeners,
  selfClosed,
  cameBack,
  offline,
  refused,
  answeredWithHtml,
  answersLost,
  manyTabs,
  flusherClosed,
  flusherCrashed,
  noIndexedDb,
  quotaUsedUp,
  siteDataCleared,
} as const satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof scenarios
