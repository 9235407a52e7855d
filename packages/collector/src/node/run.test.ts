import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { batchOf } from '../../test/batches.ts'
import { run } from './run.ts'

/** The program, with files in a folder of its own. */
async function start() {
  const dir = await mkdtemp(join(tmpdir(), 'waybill-run-'))
  const printed = { stdout: '', stderr: '' }
  const into = (name: keyof typeof printed) => ({
    write(text: string) {
      printed[name] += text
    },
  })
  let stop = (_reason: string) => {}
  const stopped = new Promise<string>((resolve) => {
    stop = resolve
  })
  const ended = run({
    args: ['--dir', dir, '--port', '0'],
    env: {},
    stdout: into('stdout'),
    stderr: into('stderr'),
    stopped,
  })
  onTestFinished(async () => {
    stop('the test is done')
    await ended
    await rm(dir, { recursive: true })
  })
  const findUrl = () => /Endpoint\s+(\S+)/.exec(printed.stderr)?.[1]
  await expect.poll(findUrl).toBeDefined()
  return { dir, url: findUrl(), printed }
}

const entriesIn = (text: string) => text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))

test('each batch is a line on stdout, and what the collector is to blame for, from status 500 up, one on stderr', async () => {
  const { dir, url, printed } = await start()
  const present = (first: number) =>
    fetch(`${url}?key=wk_dev`, {
      method: 'POST',
      headers: { Origin: 'http://localhost', 'Content-Type': 'text/plain' },
      body: batchOf(first, first),
    })
  // In the place of the site's folder.
  await writeFile(join(dir, 'dev'), '')
  expect((await present(1)).status).toBe(503)
  await rm(join(dir, 'dev'))
  expect((await present(2)).status).toBe(200)
  await expect
    .poll(() => entriesIn(printed.stdout))
    .toMatchObject([{ status: 200, batchId: expect.stringMatching(/:2-2$/) }])
  expect(entriesIn(printed.stderr)).toMatchObject([{ status: 503, code: 'sink_unavailable' }])
})
