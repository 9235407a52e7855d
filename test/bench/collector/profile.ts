import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { startCountingSink } from './counting-sink.ts'
import { createBatchMaker } from './make-batches.ts'
import { measure } from './measure.ts'
import { pinLoad, startInNode } from './start-servers.ts'

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

const SOURCES = join(import.meta.dirname, '../../../packages/collector/src')

/** Where Waybill's collector spends its time in Node, at 100 events and gzip: functions with the share that is their own. */
export async function profile(): Promise<string> {
  pinLoad()
  const folder = await temporaryFolder('profile')
  const sink = await startCountingSink()
  const args = ['--cpu-prof', `--cpu-prof-dir=${folder.path}`, '--cpu-prof-interval', '250']
  const server = await startInNode('waybill', sink.url, { args, env: { SOURCES } })
  const make = createBatchMaker()
  for (let turn = 0; turn < 15; turn++) await measure(server, sink, make(150, 100, 'gzip'))
  await server.stop()
  await sink.close()
  const [name = ''] = (await readdir(folder.path)).filter((each) => each.endsWith('.cpuprofile'))
  const text = await readFile(join(folder.path, name), 'utf8')
  await folder[Symbol.asyncDispose]()
  return toTop(JSON.parse(text))
}

const MOST = 30

function toTop({ nodes, samples, timeDeltas }: Profile): string {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, toPlace(callFrame)]))
  const own = new Map<string, number>()
  let total = 0
  for (const [index, id] of samples.entries()) {
    const place = places.get(id) ?? ''
    if (place.startsWith('(idle)')) continue
    const time = timeDeltas[index] ?? 0
    total += time
    own.set(place, (own.get(place) ?? 0) + time)
  }
  const top = [...own].toSorted(([, a], [, b]) => b - a).slice(0, MOST)
  return top.map(([place, time]) => `${((100 * time) / total).toFixed(1).padStart(5)} %  ${place}`).join('\n')
}

function toPlace({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const place = url === '' ? '' : `  ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`
  return `${functionName || '(anonymous)'}${place}`
}
