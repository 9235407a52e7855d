import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { isDayFile, lockFolder, type Unlock } from '@waybill/collector/file-folder'

/**
 * Takes the folders of the collectors that could append to these files: what is appended to a file while another takes its
 * place is in neither. Both are taken where a link is on the way, that in which the link lies and that to which it leads.
 * Rejects when one is taken; a collector in another container is not seen.
 */
export async function lockFiles(paths: readonly string[]): Promise<Unlock> {
  const files = [...paths, ...(await Promise.all(paths.map((path) => realpath(path))))]
  // A collector appends to <its folder>/<key id>/dt=<day>.ndjson only.
  const sites = [...new Set(files.filter((path) => isDayFile(basename(path))).map(dirname))]
  const folders = new Set([
    ...(await Promise.all(sites.map(async (site) => dirname(await realpath(site))))),
    ...(await Promise.all(sites.map((site) => realpath(dirname(site))))),
  ])
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
