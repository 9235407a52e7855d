import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(root, path), 'utf8')

test('each threat of SECURITY.md has a test, and each test that it names exists', async () => {
  const table = (await read('SECURITY.md')).split('\n').filter((line) => line.startsWith('| '))
  const rows = table.slice(1).map((line) => line.slice(2, -2).split(' | '))
  expect(rows.length).toBeGreaterThan(20)
  for (const [threat = '', stops = '', tests = ''] of rows) {
    expect(
      [threat, stops].every((cell) => cell !== ''),
      threat,
    ).toBe(true)
    const named = tests.split('<br>').map((each) => /^\[[\w.-]+\]\(([\w./-]+)\): “(.+)”$/.exec(each))
    for (const found of named) {
      const [, path = '', name = ''] = found ?? []
      expect(path, `${threat}: ${tests}`).not.toBe('')
      expect(await read(path), `${threat}: ${path} has “${name}”`).toContain(name)
    }
  }
})

test('each dependency has an exact version, and nothing that we publish runs when it is installed', async () => {
  const folders = ['packages', 'apps'].map(async (folder) =>
    (await readdir(join(root, folder))).map((name) => `${folder}/${name}`),
  )
  for (const folder of ['.', 'test', ...(await Promise.all(folders)).flat()]) {
    const manifest = JSON.parse(await read(`${folder}/package.json`))
    const { dependencies = {}, devDependencies = {}, optionalDependencies = {}, scripts = {} } = manifest
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      expect(version, `${name} in ${folder}`).toMatch(/^(\d+\.\d+\.\d+(-[\w.-]+)?|workspace:\*)$/)
    }
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) expect(scripts).not.toHaveProperty(name)
  }
  const lockfile = await read('pnpm-lock.yaml')
  const resolutions = lockfile.match(/^ {4}resolution: .*$/gm) ?? []
  expect(resolutions.length).toBeGreaterThan(100)
  for (const resolution of resolutions) expect(resolution).toMatch(/^ {4}resolution: \{integrity: sha512-/)
  const allowed = (await read('pnpm-workspace.yaml')).match(/allowBuilds:\n((?: {2}.*\n)+)/)?.[1]?.match(/\w+: true/g)
  expect(allowed?.sort()).toEqual(['esbuild: true', 'node: true', 'workerd: true'])
})

test('the SDK as built evaluates no text and adds no script or style to a page', async () => {
  for (const file of ['index.js', 'service-worker.js', 'waybill.js']) {
    const code = await read(`packages/browser/dist/${file}`)
    expect(code.length, file).toBeGreaterThan(500)
    expect(code, file).not.toMatch(
      /\beval\(|new Function|importScripts|document\.write|innerHTML|createElement|insertAdjacentHTML/,
    )
  }
})
