import { expect, test } from 'vitest'
import { ConfigurationError } from '../core/configuration-error.ts'
import { help, readSettings } from './read-settings.ts'

const KEYS = '{"wk_live_1":{"id":"shop","origins":["https://www.example.com"]}}'

test('with nothing set it is for this machine only, with the development key', () => {
  expect(readSettings([], {})).toEqual({
    kind: 'start',
    port: 8787,
    host: '127.0.0.1',
    collector: { dir: './events', keys: [{ key: 'wk_dev', id: 'dev', origins: 'localhost' }] },
    grace: 15_000,
  })
})

test('an option counts before the environment, and an empty variable is none', () => {
  const env = { PORT: '1', HOST: '', EVENTS_DIR: '/data', WRITE_KEYS: KEYS, GRACE_SECONDS: '3' }
  expect(readSettings(['--port', '2', '--host=0.0.0.0'], env)).toMatchObject({
    port: 2,
    host: '0.0.0.0',
    collector: { dir: '/data', keys: [{ key: 'wk_live_1', id: 'shop', origins: ['https://www.example.com'] }] },
    grace: 3_000,
  })
  expect(readSettings([], { HOST: '' })).toMatchObject({ host: '127.0.0.1' })
})

test('a configuration file says who may write and where events go, so that nothing else is asked of them', () => {
  const env = { HOST: '0.0.0.0', EVENTS_DIR: '/data' }
  expect(readSettings(['--config', 'a.ts'], env)).toMatchObject({ collector: { config: 'a.ts', name: '--config' } })
  expect(readSettings([], { ...env, CONFIG_FILE: 'a.ts' })).toMatchObject({
    collector: { config: 'a.ts', name: 'CONFIG_FILE' },
  })
})

test.each<[string[], Record<string, string>, string]>([
  [['--prot', '1'], {}, "Unknown option '--prot'. See: npx @waybill/collector --help"],
  [['serve'], {}, "Unexpected argument 'serve'"],
  [['--port'], {}, 'See: npx @waybill/collector --help'],
  [['--port', 'http'], {}, "--port: use a whole number from 0 to 65535; it is 'http'."],
  [[], { PORT: '70000' }, "PORT: use a whole number from 0 to 65535; it is '70000'."],
  [['--grace=-1'], {}, "--grace: use a whole number from 0 to 3600; it is '-1'."],
  [['--config=a.ts', '--dir=b'], {}, "--dir: leave it out with --config, as 'a.ts' says it."],
  [['--keys=b'], { CONFIG_FILE: 'a.ts' }, '--keys: leave it out with CONFIG_FILE'],
  [[], { WRITE_KEYS: '{' }, 'WRITE_KEYS: it is not JSON'],
  [['--keys', '/nowhere'], {}, "--keys: '/nowhere' cannot be read (Error: ENOENT"],
  [[], { WRITE_KEYS_FILE: '/nowhere' }, "WRITE_KEYS_FILE: '/nowhere' cannot be read"],
])('%j with %j names the setting and the mend', (args, env, message) => {
  expect(() => readSettings(args, env)).toThrow(ConfigurationError)
  expect(() => readSettings(args, env)).toThrow(message)
})

test.each(['0.0.0.0', '::', '192.0.2.7', 'collector.example'])(
  'the development key is for this machine alone: where others get in, at %s, it does not start',
  (host) => {
    expect(() => readSettings([`--host=${host}`], {})).toThrow(/^WRITE_KEYS: set it/)
    expect(() => readSettings([], { HOST: host })).toThrow(/^WRITE_KEYS: set it/)
  },
)

test('help and version are asked for alone, and the help fits a terminal', () => {
  expect(readSettings(['-h'], { PORT: 'x' })).toEqual({ kind: 'help' })
  expect(readSettings(['--version'], {})).toEqual({ kind: 'version' })
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})
