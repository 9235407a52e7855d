import {
  type BatchLog,
  type CollectorOptions,
  ConfigurationError,
  createCollector,
  misconfiguredCollector,
  workersSignatureCache,
} from '@waybill/collector'
import { configure, isDevelopment, type Settings } from './configure.ts'
import { toLogLine } from './to-log-line.ts'

type Collector = ReturnType<typeof createCollector>

// Once for each isolate: settings only change with a deployment, which starts new ones.
let collector: Collector | undefined

export default {
  fetch(request, env, context) {
    collector ??= build(env)
    return collector.fetch(request, env, context)
  },
} satisfies ExportedHandler<Env & Settings>

/** With settings that cannot work it still answers, so that clients keep their events and the log says what to set. */
function build(settings: Settings): Collector {
  const log: CollectorOptions['log'] = isDevelopment(settings) ? logForPeople : logForMachines
  try {
    return createCollector({ ...configure(settings), signatureCache: workersSignatureCache(), log })
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return misconfiguredCollector(error, { log })
  }
}

const logForPeople = (entry: BatchLog): void => console.log(toLogLine(entry))

const logForMachines = (entry: BatchLog): void =>
  entry.status < 500 ? console.log(JSON.stringify(entry)) : console.error(JSON.stringify(entry))
