import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { isDayFile, lockFolder, type Unlock } from '@waybill/collector/file-folder'

/**
 * Takes the folders of the collectors that could append to these files: what is appended to a file while another takes its
 * place is in neither. Rejects when one is taken; a collector in another container is not seen.
 */
export async function lockFiles(paths: readonly string[]): Promise<Unlock> {
  // A collector appends to <its folder>/<key id>/dt=<day>.ndjson only.
  const sites = new Set(paths.filter((path) => isDayFile(basename(path))).map(dirname))
  const folders = new Set(await Promise.all([...sites].map(async (site) => dirname(await realpath(site)))))
  const unlocks: Unlock[] = []
  const unlock = async () => {
    for (const each of unlocks) await each()
  }
  try {
    for (const folder of folders) {
      const own = await lockFolder(folder)
      if (!own) {
        throw new Error(
          `A collector has '${folder}', or another erase. Stop it first, or move files of days that are over to a folder elsewhere, and erase there.`,
        )
      }
      unlocks.push(own)
    }
  } catch (error) {
    await unlock()
    throw error
  }
  return unlock
}
