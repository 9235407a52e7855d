import { chromium } from '../../harness/engines/chromium.ts'
import { runScenarios } from '../../harness/scenarios/run-scenarios.ts'

runScenarios(chromium)
