import { CANARY, type Transport } from './draft.ts'
import { type Fault, type Faults, pick } from './fault.ts'
import type { HeaderEffects } from './world.ts'

/** Headers with these values, in the place of those of these names; what has to be seen of them. */
type Sent = readonly [headers: readonly (readonly [name: string, value: string])[], effects?: HeaderEffects]

const sends = (...all: readonly Sent[]): Fault<Transport> => ({
  answer: 'recorded',
  change(draft, _, n) {
    const [headers, effects] = pick(all, n)
    const names = headers.map(([name]) => name)
    draft.headers = [
      ...draft.headers.filter(([name]) => !names.includes(name)),
      ...headers.map(([name, value]): [string, string] => [name, value]),
    ]
    // Of two faults about one header, the later one stands.
    if (names.includes('Prefer')) delete draft.effects.applied
    if (names.includes('traceparent')) delete draft.effects.trace
    draft.effects = { ...draft.effects, ...effects }
  },
})

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const good = `00-${TRACE}-${PARENT}-01`
const zeros = (length: number) => '0'.repeat(length)

const prefers = (...all: readonly (readonly [values: string | readonly string[], applied?: string])[]) =>
  sends(
    ...all.map(
      ([values, applied]): Sent => [
        [values].flat().map((value) => ['Prefer', value] as const),
        applied === undefined ? {} : { applied },
      ],
    ),
  )

const traces = (...all: readonly (readonly [traceparent: string, tracestate?: string, goesOn?: string])[]) =>
  sends(
    ...all.map(([traceparent, tracestate, goesOn]): Sent => {
      const trace = { traceId: TRACE, traceparent: goesOn ?? '', ...(tracestate !== undefined && { tracestate }) }
      return [
        [
          ['traceparent', traceparent],
          ['tracestate', tracestate ?? ''],
        ],
        goesOn === undefined ? {} : { trace },
      ]
    }),
  )

/** Headers of any request: what they say may be anything, and the batch is recorded as without them. */
export const headerFaults: Faults<Transport> = {
  'a Prefer that is none': prefers(
    [''],
    [CANARY],
    ['wait'],
    ['wait='],
    ['wait=-1'],
    ['wait=1.5'],
    ['wait=1e3'],
    ['wait=0x10'],
    ['wait=Infinity'],
    ['wait=1234567890'],
    ['wait 5'],
    ['wait=5 5'],
    ['wait="5'],
    ['=5'],
    [';wait=5'],
    [',,;,=,"'],
    ['x="respond-async, wait=5"'],
    ['x="\\", respond-async"'],
    ['respond-async-later'],
    ['return=minimal; wait=5'],
    ['x="a;b"; respond-async'],
  ),
  'a Prefer in another dress': prefers(
    ['respond-async', 'respond-async'],
    ['RESPOND-Async;x="y,z"', 'respond-async'],
    ['wait="010"', 'wait=10'],
    [',, wait = 5 ;foo', 'wait=5'],
    ['wait=0', 'wait=0'],
    ['wait=999999999', 'wait=999999999'],
    [`x="${CANARY}\\", wait=1", wait=2`, 'wait=2'],
    ['wait=5 5, wait=7', 'wait=7'],
    ['wait=7, respond-async, wait=9', 'respond-async, wait=7'],
  ),
  'a Prefer that is sent again and again': prefers(
    [['respond-async', 'wait=3', 'wait=4'], 'respond-async, wait=3'],
    [['wait=3', 'wait=3', 'respond-async'], 'respond-async, wait=3'],
    [Array(500).fill('wait=2'), 'wait=2'],
    [[...Array(500).fill('x'), 'respond-async'], 'respond-async'],
  ),
  'a traceparent that is none': traces(
    [''],
    [CANARY],
    [`00-${TRACE}-${PARENT}`],
    [`00-${TRACE}-${PARENT}-1`],
    [`00-${TRACE}-${PARENT}-01-`, 'a=1'],
    [`00-${TRACE}-${PARENT}-01-${CANARY}`, 'a=1'],
    [`00-${TRACE.toUpperCase()}-${PARENT}-01`],
    [`00-${TRACE.slice(1)}-${PARENT}-01`],
    [`00-${TRACE}-${PARENT}g-01`],
    [`00_${TRACE}_${PARENT}_01`],
    [`${good}, ${good}`, 'a=1'],
    [`${good} x`],
    ['-'.repeat(8_000)],
  ),
  'a traceparent that is all zeros': traces(
    [`00-${zeros(32)}-${PARENT}-01`, 'a=1'],
    [`00-${TRACE}-${zeros(16)}-01`, 'a=1'],
    [`00-${zeros(32)}-${zeros(16)}-00`],
  ),
  'a traceparent of a version that cannot be': traces(
    [`ff-${TRACE}-${PARENT}-01`, 'a=1'],
    [`FF-${TRACE}-${PARENT}-01`],
    [`0-${TRACE}-${PARENT}-01`],
    [`000-${TRACE}-${PARENT}-01`],
    [`zz-${TRACE}-${PARENT}-01`],
  ),
  'a traceparent of a version to come': traces(
    [`01-${TRACE}-${PARENT}-01`, 'a=1', good],
    [`cc-${TRACE}-${PARENT}-01-${CANARY}`, 'a=1', good],
    [`fe-${TRACE}-${PARENT}-ff-${'-'.repeat(4_000)}`, 'a=1', `00-${TRACE}-${PARENT}-ff`],
  ),
  'a tracestate that is none': sends(
    ...['', '\u00e9', 'x'.repeat(513), '\t'.repeat(8), `a=1\u00ff${CANARY}`].map(
      (state): Sent => [
        [
          ['traceparent', good],
          ['tracestate', state],
        ],
        { trace: { traceId: TRACE, traceparent: good } },
      ],
    ),
  ),
  'a length that is a lie': sends(
    ...['0', '1', '-1', '', 'x', '1e9', '99999999999999999999', '1, 2', '0x10', CANARY].map(
      (length): Sent => [[['Content-Length', length]]],
    ),
  ),
  'headers that nobody asked for': sends(
    ...[
      ['Cookie', `session=${CANARY}`],
      ['User-Agent', CANARY.repeat(1_000)],
      ['CF-Connecting-IP', CANARY],
      ['X-Forwarded-For', `${CANARY}, `.repeat(1_000)],
      ['Forwarded', `for="[${CANARY}]`],
      ['X-HTTP-Method-Override', 'DELETE'],
      ['X-Original-URL', `/${CANARY}`],
      ['Transfer-Encoding', 'chunked, gzip'],
      ['Range', 'bytes=0-0'],
      ['If-None-Match', '*'],
      ['Accept', 'text/html'],
      ['Accept-Encoding', CANARY],
      ['Expect', '100-continue'],
      ['__proto__', CANARY],
    ].map((header): Sent => [[header as [string, string]]]),
  ),
}

/** Those whose length is what is hostile: more than any platform lets through. */
export const largeHeaderFaults: Faults<Transport> = {
  'a header that is huge': sends(
    ...[
      ['Prefer', `a${' '.repeat(128 * 1_024)}b`],
      ['Prefer', `wait=${' '.repeat(128 * 1_024)}5 5`],
      ['Prefer', '"\\a'.repeat(40_000)],
      ['Prefer', 'a;"b'.repeat(32_000)],
      ['Prefer', 'x,'.repeat(64_000)],
      ['traceparent', '0'.repeat(128 * 1_024)],
      ['traceparent', '-'.repeat(128 * 1_024)],
    ].map((header): Sent => [[header as [string, string]]]),
  ),
}
