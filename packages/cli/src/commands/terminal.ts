/** What a command reads and writes, a process's own in real life. */
export interface Terminal {
  stdin: AsyncIterable<Buffer> & { isTTY?: boolean }
  stdout: { write(text: string): unknown }
  env: Readonly<Record<string, string | undefined>>
  stderr: { write(text: string): unknown; isTTY?: boolean }
}
