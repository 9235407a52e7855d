/** What a command reads and writes, a process's own in real life. */
export interface Terminal {
  stdin: AsyncIterable<Buffer> & { isTTY?: boolean }
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown; isTTY?: boolean }
}
