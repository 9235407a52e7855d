import { listen } from './listen.ts'

/** A port of localhost that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const { port, close } = await listen(() => {})
  await close()
  return port
}
