import type { Context, Hono } from 'hono'
import { checkSinks, type SinkCheck } from './check-sinks.ts'
import { ConfigurationError } from './core/configuration-error.ts'
import { describeError } from './core/describe-error.ts'
import type { WriteKey } from './core/key-ring.ts'
import { placeOf } from './core/place-of.ts'
import { redact } from './core/redact.ts'
import type { Sink } from './core/sink.ts'
import { createCollector } from './create-collector.ts'
import { describeOptions, type Setting, settingNames } from './describe-options.ts'
import { logForMachines, logForPeople } from './log-to-console.ts'
import { misconfiguredCollector } from './misconfigured-collector.ts'
import { type CollectorOptions, type ResolvedOptions, resolveOptions } from './options.ts'

/** What a configuration file says. */
export interface CollectorConfiguration extends Omit<CollectorOptions, 'sinks'> {
  /** Where batches go. What is not set is left out: `env.HOOK && webhookSink({ url: env.HOOK })`. */
  sinks: readonly (Sink | Unset)[]
  /**
   * Adds the write key `wk_dev` for any origin of this machine, and logs for people. Default `false`; `log` is then one JSON
   * object a line on the console, unless it is set.
   */
  development?: boolean
}

type Unset = false | null | undefined | ''

/** A configuration that was found to work. */
export interface ConfiguredCollector {
  app: Hono
  /** With nothing left open. */
  options: ResolvedOptions
  /** The effective configuration for people, secrets masked. */
  describe(): Setting[]
  /** Sends a marked event to each sink, and says what became of it. Never rejects. */
  check(): Promise<SinkCheck[]>
}

/** A collector that is not made before its settings are known: what a Worker's `export default` can be. */
export interface CollectorDefinition<Env> {
  /**
   * Answers a request. The collector is made for the first one and kept, as settings only change with a deployment. With
   * settings that cannot work it answers 500, so that clients keep their events, and the log says what to set.
   */
  fetch(request: Request, env: Env, context?: Context['executionCtx']): Response | Promise<Response>
  /** Makes the collector of these settings. Throws a `ConfigurationError` that names the setting and the mend. */
  configure(env: Env): ConfiguredCollector
}

const developmentKey: WriteKey = { key: 'wk_dev', id: 'dev', origins: 'localhost' }

/**
 * The one file that says what a collector is, in a Worker, in Node and for `waybill check`:
 * `export default defineCollector((env: Env) => ({ keys: …, sinks: […] }))`.
 *
 * @param toConfiguration from bindings, variables and secrets to the configuration; may throw a `ConfigurationError` of its own
 */
export function defineCollector<Env>(toConfiguration: (env: Env) => CollectorConfiguration): CollectorDefinition<Env> {
  let app: Hono | undefined

  function configure(env: Env): ConfiguredCollector {
    const options = resolveOptions(toOptions(readConfiguration(toConfiguration, env)))
    return {
      app: createCollector(options),
      options,
      describe: () => describeOptions(options),
      check: () => checkSinks(options),
    }
  }

  function build(env: Env): Hono {
    let log: NonNullable<CollectorOptions['log']> = logForMachines
    try {
      const configuration = readConfiguration(toConfiguration, env)
      log = toLog(configuration)
      return createCollector(toOptions(configuration))
    } catch (error) {
      return misconfiguredCollector(error instanceof Error ? error : new Error(String(error)), { log })
    }
  }

  return {
    fetch(request, env, context) {
      app ??= build(env)
      return app.fetch(request, env as object, context)
    },
    configure,
  }
}

/** What the file says, or why it says nothing: whatever it threw, it is a configuration that cannot work. */
function readConfiguration<Env>(
  toConfiguration: (env: Env) => CollectorConfiguration,
  env: Env,
): CollectorConfiguration {
  if (typeof toConfiguration !== 'function') {
    throw new ConfigurationError('defineCollector: hand it a function, (env) => ({ keys, sinks }).')
  }
  let configuration: CollectorConfiguration
  try {
    configuration = toConfiguration(env)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const place = placeOf(error)
    const where = place === undefined ? '' : ` (${place})`
    throw new ConfigurationError(`The configuration threw ${redact(describeError(error))}${where}`, { cause: error })
  }
  if (typeof configuration !== 'object' || configuration === null || configuration instanceof Promise) {
    throw new ConfigurationError('The configuration is no object: return { keys, sinks }, and no promise of it.')
  }
  return configuration
}

function toOptions({ development = false, sinks, keys, log, ...others }: CollectorConfiguration): CollectorOptions {
  const unknown = Object.keys(others).find((name) => !settingNames.includes(name))
  if (unknown !== undefined) {
    const known = [...settingNames, 'development', 'log', 'now'].join(', ')
    throw new ConfigurationError(`${unknown}: there is no such setting; remove it, or use one of ${known}.`)
  }
  for (const [name, value] of Object.entries({ keys, sinks })) {
    if (!Array.isArray(value)) throw new ConfigurationError(`${name}: it must be a list.`)
  }
  return {
    ...others,
    keys: development ? [...keys, developmentKey] : keys,
    sinks: sinks.filter((sink): sink is Sink => !!sink),
    log: toLog({ development, log }),
  }
}

const toLog = ({ development = false, log }: { development?: boolean; log?: CollectorOptions['log'] | undefined }) =>
  log ?? (development ? logForPeople : logForMachines)
