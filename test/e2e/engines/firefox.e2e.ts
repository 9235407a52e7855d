import { firefox } from '../../harness/engines/firefox.ts'
import { runScenarios } from '../../harness/scenarios/run-scenarios.ts'

runScenarios(firefox)
