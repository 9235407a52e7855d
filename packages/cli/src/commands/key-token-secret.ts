import { hmacSha256, toTokenSecret } from '@waybill/protocol'
import type { Command } from './command.ts'
import { UsageError } from './options.ts'
import { readSigningSecret, secretOption } from './signing-secret.ts'

/** Tells the secret with which one site's backend mints tokens. */
export const keyTokenSecret: Command = {
  summary: 'Prints the secret a site mints its tokens with.',
  usage: 'waybill key token-secret --id SITE [--secret-file FILE]',
  options: {
    id: { value: 'SITE', help: 'The id in the key of the site.' },
    ...secretOption,
  },
  details: `For sites whose key was made with --token. It follows from the signing secret,
which comes from a file or as WAYBILL_SIGNING_SECRET, so that the collector
needs no list of them; no site can tell another's from its own. The site's
backend signs a JWT with it, as HS256, with the secret as text: \`aud\` is the id
of the site, \`exp\` a few minutes ahead.

Example:
  waybill key token-secret --id shop --secret-file secret`,

  async run(call, terminal) {
    const { paths, values } = call
    if (paths[0] !== undefined) throw new UsageError(`'${paths[0]}' belongs to no option.`)
    if (values.id === undefined) throw new UsageError('Name the site: --id shop.')
    // Of any other there is no key.
    if (!/^[a-z0-9_-]{1,64}$/.test(values.id))
      throw new UsageError(`A site is named with a-z, 0-9, _ and -, not '${values.id}'.`)
    const secret = await readSigningSecret(call, terminal)
    terminal.stdout.write(`${await toTokenSecret(values.id, secret, hmacSha256)}\n`)
    return 0
  },
}
