import { expect, test } from 'vitest'
import { writeKey } from '../test/present.ts'
import { recordingSink } from '../test/recording-sink.ts'
import { type CollectorOptions, ConfigurationError, createCollector } from './index.ts'

const works: CollectorOptions = { keys: [writeKey], sinks: [recordingSink()] }

test('a configuration that works is taken', () => {
  expect(() => createCollector(works)).not.toThrow()
})

test.each<[what: string, options: Partial<CollectorOptions>, message: string]>([
  ['no key', { keys: [] }, 'keys: add at least one write key.'],
  ['a key that is none', { keys: [{ ...writeKey, key: 'secret' }] }, "'wk_'"],
  ['the same key twice', { keys: [writeKey, writeKey] }, 'remove one'],
  ['an id that is no path segment', { keys: [{ ...writeKey, id: '../x' }] }, 'the id of'],
  ['no origin', { keys: [{ ...writeKey, origins: [] }] }, 'add at least one origin'],
  [
    'an origin with a path',
    { keys: [{ ...writeKey, origins: ['https://a.example/x'] }] },
    "use 'https://a.example' for 'https://a.example/x'",
  ],
  ['a pattern', { keys: [{ ...writeKey, origins: ['*'] }] }, "'https://www.example.com'"],
  ['no sink', { sinks: [] }, 'sinks: add at least one that is required'],
  ['no required sink', { sinks: [recordingSink({ required: false })] }, 'sinks: add at least one that is required'],
  ['two sinks of one name', { sinks: [recordingSink(), recordingSink()] }, 'give one of them another name'],
  [
    'a required sink that promises nothing',
    { sinks: [{ ...recordingSink(), guarantee: 'best-effort' }] },
    'set its required to false',
  ],
  ["a dead-letter sink of a sink's name", { deadLetter: recordingSink() }, 'deadLetter: a sink is called'],
  [
    'a dead-letter sink that promises nothing',
    { deadLetter: { ...recordingSink({ name: 'dead' }), guarantee: 'best-effort' } },
    "deadLetter: 'dead' only promises best effort",
  ],
  ['a dead-letter sink without a name', { deadLetter: recordingSink({ name: '' }) }, 'deadLetter: a name is'],
  ['a path that is a pattern', { path: '/:anything' }, "path: use plain segments as in '/v1/events'"],
  ['the path of /health', { path: '/health' }, 'path:'],
  ['the path of /ready', { path: '/ready' }, 'path:'],
  ['a path of Segment’s API', { path: '/v1/batch' }, 'use another one, or set segmentApi to false'],
  ['no time for sinks', { sinkDeadline: 0 }, 'sinkDeadline:'],
  ['a higher limit', { limits: { depth: 33 } }, 'limits: depth can only be lowered'],
  ['a header limit that no header keeps', { limits: { headerBytes: 1023 } }, 'limits: set headerBytes to 1024 or more'],
  [
    'a batch limit that one event can exceed',
    { limits: { batchBytes: 40_960 } },
    'limits: set batchBytes to 53249 or more, for one event of any sender and its header; it is 40960.',
  ],
  [
    'a body limit that one event can exceed',
    { limits: { headerBytes: 1024, bodyBytes: 33_792 } },
    'limits: set bodyBytes to 46081 or more',
  ],
  [
    'a batch limit that is as low as that of an event, which senders do not know',
    { limits: { eventBytes: 2048, headerBytes: 1024, batchBytes: 4096 } },
    'limits: set batchBytes to 46081 or more',
  ],
  ['a limit of nothing', { limits: { eventBytes: 0 } }, 'limits: eventBytes'],
])('%s is refused at construction, with the setting and the mend', (_, options, message) => {
  expect(() => createCollector({ ...works, ...options })).toThrow(ConfigurationError)
  expect(() => createCollector({ ...works, ...options })).toThrow(message)
})
