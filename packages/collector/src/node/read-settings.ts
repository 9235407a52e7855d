import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ConfigurationError } from '../core/configuration-error.ts'
import { describeError } from '../core/describe-error.ts'
import { isLoopback } from '../core/is-loopback.ts'
import type { WriteKey } from '../core/key-ring.ts'
import { parseWriteKeys } from '../core/parse-write-keys.ts'

/** What the program was called for. */
export type Call = { kind: 'help' } | { kind: 'version' } | ({ kind: 'start' } & Settings)

/** What the program runs with. */
export interface Settings {
  port: number
  host: string
  collector: FileSettings | ConfigSettings
  /** How long what is in flight may take when the program is stopped, in milliseconds. */
  grace: number
}

/** A collector that keeps events in files. */
export interface FileSettings {
  /** The folder of the file sink. */
  dir: string
  keys: readonly WriteKey[]
}

/** A collector that a file describes. */
export interface ConfigSettings {
  config: string
  /** What the setting is called that names the file. */
  name: string
}

/** Each setting as an option and in the environment; an option counts before the environment. */
const settings = {
  port: { variable: 'PORT', value: '8787', help: 'where it listens' },
  host: { variable: 'HOST', value: '127.0.0.1', help: 'an address of this machine; 0.0.0.0: all' },
  dir: { variable: 'EVENTS_DIR', value: './events', help: 'the folder of the events' },
  keys: { variable: 'WRITE_KEYS_FILE', value: '', help: 'a file with the write keys as JSON' },
  config: { variable: 'CONFIG_FILE', value: '', help: 'a file with keys, sinks and all else' },
  grace: { variable: 'GRACE_SECONDS', value: '15', help: 'seconds for what is in flight at its end' },
} as const

type Name = keyof typeof settings

export const help: string = `Takes batches of complete events from Waybill's browser SDK, and appends them to
files.

  npx @waybill/collector [OPTION…]

${Object.entries(settings)
  .map(([name, { variable, value, help }]) => {
    const from = value === '' ? '' : `  (${value})`
    return `  --${name.padEnd(6)} ${variable.padEnd(15)} ${help}${from}`
  })
  .join('\n')}
  --help                   print this
  --version                print the version

An option counts before the variable of the environment beside it.

Write keys are JSON, in the file of --keys or in the variable WRITE_KEYS:
  {"wk_live_1": {"id": "shop", "origins": ["https://www.example.com"]}}
Without any, and while only this machine gets in, the key is wk_dev, from any
origin of this machine.

--config names a file that says instead who may write, where events go, and all
else: export default defineCollector((env) => ({ keys, sinks })), where env is
the environment. TypeScript needs Node 22.18 or later, .js and .mjs do not.

Events are in <dir>/<key id>/dt=<day>.ndjson. \`npx waybill audit <dir>\` proves
that none is missing.

SIGTERM and SIGINT let it finish what is in flight; a second ends it at once.
`

/** Reads what the program was called with. Throws a ConfigurationError that names the setting and the mend. */
export function readSettings(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Call {
  const given = readOptions(args)
  if (given.help) return { kind: 'help' }
  if (given.version) return { kind: 'version' }
  /** An empty variable is none, as in most files that set them. */
  const textOf = (name: Name) => given.values[name] ?? (env[settings[name].variable] || settings[name].value)
  const host = textOf('host')
  return {
    kind: 'start',
    port: readNumber(sayOf('port', given), textOf('port'), 65_535),
    host,
    collector: readCollector(),
    grace: readNumber(sayOf('grace', given), textOf('grace'), 3_600) * 1_000,
  }

  function readCollector(): Settings['collector'] {
    const config = textOf('config')
    if (config === '') {
      return { dir: textOf('dir'), keys: readKeys(textOf('keys'), sayOf('keys', given), env.WRITE_KEYS, host) }
    }
    const name = sayOf('config', given)
    const other = (['dir', 'keys'] as const).find((each) => given.values[each] !== undefined)
    if (!other) return { config, name }
    throw new ConfigurationError(`--${other}: leave it out with ${name}, as '${config}' says it.`)
  }
}

interface Given {
  help: boolean
  version: boolean
  values: Partial<Record<Name, string>>
}

function readOptions(args: readonly string[]): Given {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ port: text, host: text, dir: text, keys: text, config: text, grace: text },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    })
    const { help, version, ...rest } = values
    return { help, version, values: rest }
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.(?:\s|$)/)
    throw new ConfigurationError(`${sentence}. See: npx @waybill/collector --help`)
  }
}

/** What a message calls a setting: as it was given. */
const sayOf = (name: Name, { values }: Given): string =>
  values[name] === undefined ? settings[name].variable : `--${name}`

function readNumber(name: string, text: string, most: number): number {
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text)
  throw new ConfigurationError(`${name}: use a whole number from 0 to ${most}; it is '${text}'.`)
}

const developmentKey: WriteKey = { key: 'wk_dev', id: 'dev', origins: 'localhost' }

function readKeys(file: string, name: string, text: string | undefined, host: string): readonly WriteKey[] {
  if (file !== '') return parseWriteKeys(name, readText(file, name))
  if (text) return parseWriteKeys('WRITE_KEYS', text)
  if (isLoopback(host) || host === '::1') return [developmentKey]
  throw new ConfigurationError(
    `WRITE_KEYS: set it, or name a file with --keys, as others than this machine get in at ${host}; see --help.`,
  )
}

function readText(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${name}: '${file}' cannot be read (${describeError(error)}).`)
  }
}
