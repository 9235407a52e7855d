import { readFile } from 'node:fs/promises'

/** Where a secret may come from. */
export interface SecretSources {
  /** A file, or `-` for standard input. */
  file: string | undefined
  stdin: AsyncIterable<Buffer>
  /** What the environment has. */
  variable: string | undefined
}

/** The secret, without space around it; `undefined` where none is given. Rejects for a file that can't be read. */
export async function readSecret({ file, stdin, variable }: SecretSources): Promise<string | undefined> {
  if (file === undefined) return variable?.trim() || undefined
  if (file !== '-') return (await readFile(file, 'utf8')).trim()
  const pieces: Buffer[] = []
  for await (const piece of stdin) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8').trim()
}
