import type { Context, Handler } from 'hono'
import { abortable } from './core/abortable.ts'
import { describeError } from './core/describe-error.ts'
import type { Platform } from './core/platform.ts'
import { redact } from './core/redact.ts'
import type { Sink } from './core/sink.ts'

/** What `GET /ready` says of one sink. */
interface SinkReadiness {
  name: string
  required: boolean
  /** It is where refused events go. Batches that no sink refuses an event of do without it. */
  deadLetter?: true
  /** `unknown`: it cannot be asked without a batch. */
  status: 'ok' | 'failing' | 'unknown'
  why?: string
}

interface Readiness {
  /** `not_ready` with 503: a required sink is failing. `checking` with 503: the first answers are not there yet. */
  status: 'ready' | 'not_ready' | 'checking'
  sinks: SinkReadiness[]
}

interface ReadinessParts {
  sinks: readonly Sink[]
  deadLetter: Sink | undefined
  /** The clock, in milliseconds. */
  now: () => number
  after: Platform['after']
}

/** How long one sink may take, in milliseconds. */
const DEADLINE = 3_000
/** For how long an answer stands, in milliseconds: whoever asks faster asks no sink. */
const FRESH = 5_000

/**
 * Asks every sink that can be asked whether it would take a batch. However often anybody asks, sinks are asked once in five
 * seconds, and by one request at a time: the others are answered with what is known.
 */
export function answerReadiness({ sinks, deadLetter, now, after }: ReadinessParts): Handler {
  // Values and no promises: in workerd a promise belongs to the request that began it, and ends with it.
  let known: { at: number; readiness: Readiness } | undefined
  let asking = Number.NEGATIVE_INFINITY

  return async function readiness(c) {
    const began = now()
    // A clock that was set back must not make an old answer a fresh one.
    const isFresh = known && Math.abs(began - known.at) < FRESH
    if (!isFresh && Math.abs(began - asking) >= DEADLINE) {
      asking = began
      const answers = await Promise.all([
        ...sinks.map((sink) => ask(sink, after)),
        ...(deadLetter ? [askDeadLetter(deadLetter, after)] : []),
      ])
      known = { at: now(), readiness: { status: toStatus(answers), sinks: answers } }
      asking = Number.NEGATIVE_INFINITY
    }
    return answer(c, known?.readiness ?? { status: 'checking', sinks: [] })
  }
}

/** The contract has `ready` write nothing, and settle soon after its signal; one that does neither is failing. */
async function ask(sink: Sink, after: Platform['after']): Promise<SinkReadiness> {
  const { name, required } = sink
  if (!sink.ready) return { name, required, status: 'unknown' }
  const controller = new AbortController()
  const { signal } = controller
  const callOff = after(DEADLINE, () => controller.abort(new DOMException(`after ${DEADLINE} ms`, 'TimeoutError')))
  try {
    const result = await abortable(sink.ready(signal), signal)
    return result.ok
      ? { name, required, status: 'ok' }
      : { name, required, status: 'failing', why: redact(result.fault.detail) }
  } catch (error) {
    return { name, required, status: 'failing', why: redact(describeError(error)) }
  } finally {
    callOff()
  }
}

async function askDeadLetter(sink: Sink, after: Platform['after']): Promise<SinkReadiness> {
  const { name, status, ...why } = await ask(sink, after)
  return { ...why, name, required: false, deadLetter: true, status }
}

const toStatus = (sinks: readonly SinkReadiness[]): Readiness['status'] =>
  sinks.some(({ required, status }) => required && status === 'failing') ? 'not_ready' : 'ready'

function answer(c: Context, readiness: Readiness): Response {
  if (readiness.status === 'ready') return c.json(readiness)
  c.header('Retry-After', String(Math.ceil((readiness.status === 'checking' ? DEADLINE : FRESH) / 1000)))
  return c.json(readiness, 503)
}
