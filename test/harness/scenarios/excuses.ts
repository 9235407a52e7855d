import type { EngineName } from '../engines/engine.ts'
import type { ScenarioName } from './scenarios.ts'

/** Events that an engine takes away from every page, whatever the page does. */
export interface Excuse {
  /** The markers of those events; a loss of any other one fails the test. */
  lost: RegExp
  reason: string
}

/** What is lost for such a reason is counted and shown, and fails no test. */
export const excuses: Readonly<Record<EngineName, Readonly<Partial<Record<ScenarioName, Excuse>>>>> = {
  Chromium: {},
  Firefox: {
    leftInListeners: {
      lost: /^tab \d+ [a-d]$/,
      reason: 'Firefox may stop a page’s script in the middle of its `pagehide` listeners when the tab is closed',
    },
  },
  WebKit: {
    leftInListeners: {
      lost: /^tab \d+ [a-d]$/,
      reason:
        'WebKitGTK stores nothing that a page hands over in `pagehide` when its tab is closed, without the SDK, too',
    },
  },
}
