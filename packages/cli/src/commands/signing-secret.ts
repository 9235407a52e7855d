import { MIN_SECRET_LENGTH } from '@waybill/protocol'
import { readSecret } from '../edges/read-secret.ts'
import { type Call, type Option, UsageError } from './options.ts'
import type { Terminal } from './terminal.ts'

const VARIABLE = 'WAYBILL_SIGNING_SECRET'

/** How a command is given the secret that keys are signed with: never as an argument, which others can read. */
export const secretOption: Readonly<Record<string, Option>> = {
  'secret-file': { value: 'FILE', help: 'The signing secret, or - for standard input.' },
}

/** The secret that keys are signed with; `undefined` where none is given. Throws a UsageError for one that is none. */
export async function findSigningSecret({ values }: Call, { stdin, env }: Terminal): Promise<string | undefined> {
  const secret = await readSecret({ file: values['secret-file'], stdin, variable: env[VARIABLE] })
  if (secret === undefined || secret.length >= MIN_SECRET_LENGTH) return secret
  throw new UsageError(
    `The secret has ${secret.length} characters; use ${MIN_SECRET_LENGTH} or more, as \`waybill key secret\` prints them.`,
  )
}

/** The same, where there has to be one. */
export async function readSigningSecret(call: Call, terminal: Terminal): Promise<string> {
  const secret = await findSigningSecret(call, terminal)
  if (secret !== undefined) return secret
  throw new UsageError(`Give the signing secret with --secret-file FILE, or as ${VARIABLE} in the environment.`)
}
