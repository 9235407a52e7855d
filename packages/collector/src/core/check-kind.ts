import { ConfigurationError } from './configuration-error.ts'

// What a file in JavaScript says, or a setting in JSON, is of any kind. Nothing of it is shown: it may be a secret.

/** @param form what each of the list looks like, for the message */
export function checkList(setting: string, value: unknown, form: string): void {
  const wrong = Array.isArray(value) ? value.findIndex((each) => !isObject(each)) : 0
  if (wrong < 0) return
  const fault = Array.isArray(value) ? `number ${wrong + 1} is no object.` : 'it is no list.'
  throw new ConfigurationError(`${setting}: use a list, each of the form ${form}; ${fault}`)
}

/** @param known what each of the list has: another member may be a restriction, which nobody would keep to */
export function checkEntries(setting: string, value: unknown, known: readonly string[]): void {
  checkList(setting, value, `{ ${known.join(', ')} }`)
  for (const [index, each] of (value as object[]).entries()) checkObject(`${setting}, number ${index + 1}`, each, known)
}

export function checkObject(setting: string, value: unknown, known: readonly string[]): void {
  if (!isObject(value)) throw new ConfigurationError(`${setting}: use an object with some of ${known.join(', ')}.`)
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new ConfigurationError(
    `${setting}: there is no setting '${unknown}'; remove it, or use one of ${known.join(', ')}.`,
  )
}

/** @param others what is left of the options when all that there are have been taken out */
export function checkNothingElse(setting: string, others: object): void {
  const [unknown] = Object.keys(others)
  if (unknown === undefined) return
  throw new ConfigurationError(`${setting}: there is no setting '${unknown}'; remove it, or correct its name.`)
}

/** A pattern alone takes what is missing for the text 'undefined'. */
export const isText = (value: unknown, form: RegExp): value is string => typeof value === 'string' && form.test(value)

/**
 * A text that is not empty.
 *
 * @param mend what to do, for the message
 */
export function checkText(setting: string, value: unknown, mend = 'set it'): asserts value is string {
  if (typeof value === 'string' && value !== '') return
  const fault = value === '' ? 'it is empty' : value === undefined ? 'it is missing' : 'it is no text'
  throw new ConfigurationError(`${setting}: ${fault}; ${mend}.`)
}

/** What is put before every key of a bucket: it may be empty. */
export function checkPrefix(setting: string, value: unknown): void {
  if (value !== '') checkText(setting, value, 'use a text, or leave it out')
}

/**
 * A binding that is missing is `undefined`, whatever its type says.
 *
 * @param names the methods that it must have
 * @param kind what to bind, for the message
 */
export function checkBinding(setting: string, value: unknown, names: readonly string[], kind: string): void {
  if (hasMethods(value, names)) return
  throw new ConfigurationError(`${setting}: bind ${kind} in wrangler.jsonc, and hand its binding over.`)
}

/** @param example what makes one that works, for the message */
export function checkMethods(setting: string, value: unknown, names: readonly string[], example: string): void {
  if (hasMethods(value, names)) return
  throw new ConfigurationError(`${setting}: use an object with ${names.join(', ')}, such as ${example}.`)
}

export function checkFunction(setting: string, value: unknown): void {
  if (typeof value !== 'function') throw new ConfigurationError(`${setting}: use a function, or leave it out.`)
}

export function checkBoolean(setting: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new ConfigurationError(`${setting}: use true or false, and no text of it.`)
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  const methods = Object(value) as Record<string, unknown>
  return names.every((name) => typeof methods[name] === 'function')
}

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
