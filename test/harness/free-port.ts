import { listen } from './listen.ts'

/** A port of localhost that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  await using server = await listen(() => {})
  return server.port
}
