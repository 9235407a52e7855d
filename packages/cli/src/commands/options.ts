import { parseArgs } from 'node:util'

/** An option of a command: a flag, or one that is followed by one of `choices` or by any `value`. */
export interface Option {
  /** What the help says after its name. */
  help: string
  choices?: readonly string[]
  /** What the help calls the text that follows, `FILE`. */
  value?: string
}

/** What a command was called with. */
export interface Call {
  paths: string[]
  flags: ReadonlySet<string>
  values: Readonly<Record<string, string>>
}

/** Called in a way that the command can't make sense of; the message says what to do. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Reads a command's arguments. Throws a UsageError that names the first one that is wrong. */
export function parseCall(command: string, args: readonly string[], options: Readonly<Record<string, Option>>): Call {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(options).map(
        ([name, { choices, value }]) => [name, { type: choices || value ? 'string' : 'boolean' }] as const,
      ),
    ),
  })
  const paths: string[] = []
  const flags = new Set<string>()
  const values: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') paths.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (!option) throw new UsageError(`There is no option ${rawName}. See: waybill ${command} --help`)
    if (option.value !== undefined) {
      if (!value) throw new UsageError(`${rawName} takes a value: ${rawName} ${option.value}.`)
      values[name] = value
    } else if (!option.choices) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value: leave out '=${value}'.`)
      flags.add(name)
    } else if (value !== undefined && option.choices.includes(value)) values[name] = value
    else
      throw new UsageError(
        `${rawName} takes ${option.choices.join(' or ')}${value === undefined ? '' : `, not '${value}'`}.`,
      )
  }
  return { paths, flags, values }
}
