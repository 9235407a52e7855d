import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.ts'

const APP = join(import.meta.dirname, '../../apps/collector')
const WRANGLER = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin/wrangler.js')

test('the Worker is ready to deploy, which a dry run shows without a network or a login', async () => {
  await using output = await temporaryFolder('deploy')
  const nowhere = 'http://localhost:9'
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [WRANGLER, 'deploy', '--dry-run', '--outdir', output.path],
    { cwd: APP, env: { ...process.env, HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere, WRANGLER_SEND_METRICS: 'false' } },
  )
  expect(stdout).toContain('--dry-run: exiting now.')
})
