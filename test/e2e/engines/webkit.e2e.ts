import { webkit } from '../../harness/engines/webkit.ts'
import { runScenarios } from '../../harness/scenarios/run-scenarios.ts'

runScenarios(webkit)
