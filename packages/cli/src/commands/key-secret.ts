import { toBase64url } from '@waybill/protocol'
import type { Command } from './command.ts'
import { UsageError } from './options.ts'

/** Makes a secret that nobody can guess. */
export const keySecret: Command = {
  summary: 'Makes a secret to sign keys or tokens with.',
  usage: 'waybill key secret',
  options: {},
  details: `Prints 256 bits of chance as 43 letters: for the signing keys of a collector,
the token secrets of a write key, or hashed addresses.

Example:
  (umask 077; waybill key secret > secret)`,

  async run({ paths }, { stdout }) {
    if (paths[0] !== undefined) throw new UsageError(`It takes no arguments: leave out '${paths[0]}'.`)
    stdout.write(`${toBase64url(crypto.getRandomValues(new Uint8Array(32)))}\n`)
    return 0
  },
}
