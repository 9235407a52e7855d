import { audit } from './commands/audit.ts'
import { check } from './commands/check.ts'
import type { Command } from './commands/command.ts'
import { erase } from './commands/erase.ts'
import { parseCall, UsageError } from './commands/options.ts'
import { state } from './commands/state.ts'
import type { Terminal } from './commands/terminal.ts'
import { version } from './version.ts'

const commands: Readonly<Record<string, Command>> = { audit, state, check, erase }

/** Runs the program with its arguments. Returns the exit code; never throws. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal
  const [name = '', ...rest] = args
  const asksHelp = (each: string | undefined) => each === '--help' || each === '-h' || each === 'help'
  try {
    if (asksHelp(name)) {
      const asked = rest[0] === undefined ? undefined : findCommand(rest[0])
      stdout.write(asked ? toHelp(asked) : HELP)
      return 0
    }
    if (name === '--version') {
      stdout.write(`${version}\n`)
      return 0
    }
    if (name === '') throw new UsageError('Say which command. See: waybill --help')
    const command = findCommand(name)
    if (rest.slice(0, indexOrEnd(rest, '--')).some((each) => asksHelp(each) && each !== 'help')) {
      stdout.write(toHelp(command))
      return 0
    }
    return await command.run(parseCall(name, rest, command.options), terminal)
  } catch (error) {
    stderr.write(`waybill: ${error instanceof UsageError ? error.message : describe(error)}\n`)
    return 2
  }
}

function findCommand(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command
  const what = name.startsWith('-') ? `no option ${name} before the command` : `no command '${name}'`
  throw new UsageError(`There is ${what}. There are: ${Object.keys(commands).join(', ')}. See: waybill --help`)
}

const indexOrEnd = (args: readonly string[], arg: string): number =>
  args.includes(arg) ? args.indexOf(arg) : args.length

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const HELP = `Checks Waybill's collector, and reads what it has delivered.

${Object.entries(commands)
  .map(([name, { summary }]) => `  waybill ${name.padEnd(6)}  ${summary}`)
  .join('\n')}

  waybill COMMAND --help says more about each.
  waybill --version
`

function toHelp({ summary, usage, options, details }: Command): string {
  const names = Object.entries(options).map(
    ([name, { choices, value = choices?.join('|'), help }]): [string, string] => [
      `--${name}${value === undefined ? '' : ` ${value}`}`,
      help,
    ],
  )
  const width = Math.max(...names.map(([name]) => name.length))
  const list = [...names, ['--help', 'Print this.']].map(([name = '', help]) => `  ${name.padEnd(width)}  ${help}`)
  return `${summary}\n\n  ${usage}\n\n${list.join('\n')}\n\n${details}\n`
}
