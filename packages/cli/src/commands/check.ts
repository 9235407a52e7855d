import { renderCheck } from '../core/render-check.ts'
import { type Definition, findConfig, LoadError, loadDefinition } from '../edges/load-definition.ts'
import { loadSettings, type Settings } from '../edges/load-settings.ts'
import type { Command } from './command.ts'
import { UsageError } from './options.ts'

/** Says what a configuration file makes of its settings, and tries its sinks. */
export const check: Command = {
  summary: 'Shows a configuration, and tries its sinks.',
  usage: 'waybill check [--config FILE] [--env-file FILE] [--no-send] [--json]',
  options: {
    config: { value: 'FILE', help: 'What to check. Default: collector.config.ts.' },
    'env-file': { value: 'FILE', help: 'Variables, as NAME=value, a line each.' },
    'no-send': { help: 'Send nothing; only show the configuration.' },
    json: { help: 'Print one JSON object.' },
  },
  details: `Prints the configuration with all defaults, and with secrets masked. Then it
sends each sink, the dead-letter sink too, one event, a track call "Waybill
Check" with the anonymousId waybill-check, of the site waybill-check and in a
stream of its own, and says what became of it.

The configuration is given the variables of this process and those of
--env-file. Where a Worker is configured beside it (wrangler.jsonc) and wrangler
is installed, it is given what that binds, too: empty stand-ins on this machine,
but for bindings that say "remote": true. GET /ready asks a collector that is
deployed.

A file in TypeScript needs Node 22.18 or later.

Exit codes:
  0  the configuration works, and every sink took the event
  1  the configuration cannot work, or a sink did not take the event
  2  called in a wrong way, or the file can't be loaded

Examples:
  waybill check
  waybill check --config apps/collector/collector.config.ts --env-file .env`,

  async run({ paths, flags, values }, { stdout, stderr }) {
    const [path] = paths
    if (path !== undefined) throw new UsageError(`Name the configuration with --config: --config ${path}`)
    try {
      const config = await findConfig(values.config)
      const definition = await loadDefinition(config)
      const settings = await loadSettings(config, values['env-file'])
      try {
        return await report(definition, settings)
      } finally {
        await settings.close()
      }
    } catch (error) {
      throw error instanceof LoadError ? new UsageError(error.message) : error
    }

    async function report(definition: Definition, { env, note }: Settings): Promise<number> {
      let configured: ReturnType<Definition['configure']>
      try {
        configured = definition.configure(env)
      } catch (error) {
        const message = error instanceof Error ? error.message : error
        stderr.write(`${message}\n${note === undefined ? '' : `\n${note}\n`}`)
        return 1
      }
      const sinks = flags.has('no-send') ? undefined : await configured.check()
      const report = { configuration: configured.describe(), note, sinks }
      stdout.write(flags.has('json') ? `${JSON.stringify(report)}\n` : renderCheck(report))
      return sinks?.some(({ outcome }) => outcome !== 'taken') ? 1 : 0
    }
  },
}
