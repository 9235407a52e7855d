import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { temporaryFolder } from './temporary-folder.ts'

const source = join(import.meta.dirname, '../../packages/browser/src/index.ts')

/** A text of its own for each. */
const marks = {
  session: 'Session Ended',
  visitor: 'sessions:',
  identity: 'nobody = {',
  touch: 'gclid',
  pageView: 'engagedMs',
  counts: '"counts"',
}

async function bundleOf(...names: string[]): Promise<string> {
  await using folder = await temporaryFolder('bundle')
  const entry = join(folder.path, 'entry.ts')
  const list = names.join(', ')
  await writeFile(entry, `import { ${list} } from ${JSON.stringify(source)}\nconsole.log(${list})\n`)
  return await bundle(entry)
}

const accumulatorsIn = (code: string) =>
  Object.entries(marks).flatMap(([name, mark]) => (code.includes(mark) ? [name] : []))

test('each accumulator is in a bundle that names it, and in no other', async () => {
  expect(accumulatorsIn(await bundleOf('createCoreWaybill'))).toEqual([])
  for (const name of Object.keys(marks)) {
    expect(accumulatorsIn(await bundleOf('createCoreWaybill', name))).toEqual([name])
  }
  expect(accumulatorsIn(await bundleOf('createWaybill'))).toEqual(['session', 'visitor', 'identity'])
})
