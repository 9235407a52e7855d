import { audit } from './commands/audit.ts'
import { check } from './commands/check.ts'
import type { Command } from './commands/command.ts'
import { erase } from './commands/erase.ts'
import { keyCreate } from './commands/key-create.ts'
import { keySecret } from './commands/key-secret.ts'
import { keyShow } from './commands/key-show.ts'
import { keyTokenSecret } from './commands/key-token-secret.ts'
import { parseCall, UsageError } from './commands/options.ts'
import { state } from './commands/state.ts'
import type { Terminal } from './commands/terminal.ts'
import { version } from './version.ts'

const commands: Readonly<Record<string, Command>> = {
  audit,
  state,
  check,
  erase,
  'key create': keyCreate,
  'key show': keyShow,
  'key secret': keySecret,
  'key token-secret': keyTokenSecret,
}

/** Runs the program with its arguments. Returns the exit code; never throws. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal
  const asksHelp = (each: string | undefined) => each === '--help' || each === '-h' || each === 'help'
  try {
    if (asksHelp(args[0])) {
      stdout.write(args.length > 1 ? toHelp(findCommand(args.slice(1)).command) : HELP)
      return 0
    }
    if (args[0] === '--version') {
      stdout.write(`${version}\n`)
      return 0
    }
    if (!args[0]) throw new UsageError('Say which command. See: waybill --help')
    const { name, command, rest } = findCommand(args)
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

/** The command that these arguments begin with, whose name is one word or two. */
function findCommand(args: readonly string[]): { name: string; command: Command; rest: readonly string[] } {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(' ')
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command) return { name, command, rest: args.slice(words) }
  }
  const [first = ''] = args
  const name = Object.keys(commands).some((each) => each.startsWith(`${first} `)) ? args.slice(0, 2).join(' ') : first
  const what = name.startsWith('-') ? `no option ${name} before the command` : `no command '${name}'`
  throw new UsageError(`There is ${what}. There are: ${Object.keys(commands).join(', ')}. See: waybill --help`)
}

const indexOrEnd = (args: readonly string[], arg: string): number =>
  args.includes(arg) ? args.indexOf(arg) : args.length

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const width = Math.max(...Object.keys(commands).map((name) => name.length))

const HELP = `Checks Waybill's collector, reads what it has delivered, and makes its keys.

${Object.entries(commands)
  .map(([name, { summary }]) => `  waybill ${name.padEnd(width)}  ${summary}`)
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
