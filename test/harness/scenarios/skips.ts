import type { EngineName } from '../engines/engine.ts'
import type { ScenarioName } from './scenarios.ts'

/** What an engine can't be brought to do, and why. */
export const skips: Readonly<Record<EngineName, Readonly<Partial<Record<ScenarioName, string>>>>> = {
  Chromium: {},
  Firefox: {
    quotaUsedUp: 'WebDriver BiDi has no command that sets a quota',
  },
  WebKit: {
    selfClosed: 'In MiniBrowser the driver closes each tab in this way, so the leaves above are such ones',
    quotaUsedUp: 'MiniBrowser has no way of setting a quota',
  },
}
