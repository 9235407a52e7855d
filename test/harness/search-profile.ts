import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The files below a browser's profile that hold any of these texts, as UTF-8 or as UTF-16, which is how V8 and
 * IndexedDB write strings that are not Latin-1. What is compressed on the disk it can't find: show that it finds what is
 * there before you believe that something is not.
 */
export async function searchProfile(profile: string, texts: readonly string[]): Promise<string[]> {
  const needles = texts.flatMap((text) => [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')])
  const files = await readdir(profile, { recursive: true, withFileTypes: true })
  const found = await Promise.all(
    files
      .filter((file) => file.isFile())
      .map(async (file) => {
        const path = join(file.parentPath, file.name)
        // A browser that runs takes files away while we look.
        const content = await readFile(path).catch(() => Buffer.alloc(0))
        return needles.some((needle) => content.includes(needle)) ? [path] : []
      }),
  )
  return found.flat()
}
