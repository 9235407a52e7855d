import { fail, type Result } from '@waybill/protocol'
import type { Context, Handler } from 'hono'
import { abortable } from './core/abortable.ts'
import { type BatchLog, toBatchLog } from './core/batch-log.ts'
import { describeError } from './core/describe-error.ts'
import { type FaultKind, toFaultKind } from './core/fault-kind.ts'
import type { Platform } from './core/platform.ts'
import type { Sink, TransientFault } from './core/sink.ts'

/** What `GET /ready` says of one sink. */
interface SinkReadiness {
  name: string
  required: boolean
  /** It is where refused events go. Batches that no sink refuses an event of do without it. */
  deadLetter?: true
  /** `unknown`: it cannot be asked without a batch. */
  status: 'ok' | 'failing' | 'unknown'
  /** In no other words than these, as anybody may ask; the log has what the sink said. */
  why?: FaultKind
}

interface Readiness {
  /** `not_ready` with 503: a required sink is failing. `checking` with 503: the first answers are not there yet. */
  status: 'ready' | 'not_ready' | 'checking'
  sinks: SinkReadiness[]
}

interface ReadinessParts {
  sinks: readonly Sink[]
  deadLetter: Sink | undefined
  log: (entry: BatchLog) => void
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
 * seconds, and by one request at a time: the others are answered with what is known. What failing ones say is logged.
 */
export function answerReadiness({ sinks, deadLetter, log, now, after }: ReadinessParts): Handler {
  // Values and no promises: in workerd a promise belongs to the request that began it, and ends with it.
  let known: { at: number; readiness: Readiness } | undefined
  let asking = Number.NEGATIVE_INFINITY

  return async function readiness(c) {
    const began = now()
    // A clock that was set back must not make an old answer a fresh one.
    const isFresh = known && Math.abs(began - known.at) < FRESH
    if (!isFresh && Math.abs(began - asking) >= DEADLINE) {
      asking = began
      const all = deadLetter ? [...sinks, deadLetter] : sinks
      const answers = await Promise.all(all.map((sink) => ask(sink, after)))
      const at = now()
      const readiness = toReadiness(answers, deadLetter)
      known = { at, readiness }
      const status = toHttpStatus(readiness)
      const failing = answers.flatMap(({ sink, result }) =>
        result && !result.ok ? [{ sink, result, refused: [] }] : [],
      )
      if (failing.length > 0) log(toBatchLog({ at, ms: at - began, status, deliveries: failing }))
      asking = Number.NEGATIVE_INFINITY
    }
    return answer(c, known?.readiness ?? { status: 'checking', sinks: [] })
  }
}

/** What a sink said when it was asked; nothing where it cannot be. */
interface Asked {
  sink: Sink
  result?: Result<void, TransientFault>
}

/** The contract has `ready` write no events, and settle soon after its signal; one that does neither is failing. */
async function ask(sink: Sink, after: Platform['after']): Promise<Asked> {
  if (!sink.ready) return { sink }
  const controller = new AbortController()
  const { signal } = controller
  const callOff = after(DEADLINE, () => controller.abort(new DOMException(`after ${DEADLINE} ms`, 'TimeoutError')))
  try {
    return { sink, result: await abortable(sink.ready(signal), signal) }
  } catch (error) {
    return { sink, result: fail({ kind: 'transient', detail: describeError(error) }) }
  } finally {
    callOff()
  }
}

function toReadiness(answers: readonly Asked[], deadLetter: Sink | undefined): Readiness {
  const sinks = answers.map(({ sink, result }): SinkReadiness => {
    const { name, required } = sink
    const own = { name, ...(sink === deadLetter ? { required: false, deadLetter: true as const } : { required }) }
    if (!result) return { ...own, status: 'unknown' }
    return result.ok ? { ...own, status: 'ok' } : { ...own, status: 'failing', why: toFaultKind(result.fault.detail) }
  })
  const isFailing = sinks.some(({ required, status }) => required && status === 'failing')
  return { status: isFailing ? 'not_ready' : 'ready', sinks }
}

const toHttpStatus = ({ status }: Readiness) => (status === 'ready' ? 200 : 503)

function answer(c: Context, readiness: Readiness): Response {
  if (readiness.status !== 'ready') {
    c.header('Retry-After', String(Math.ceil((readiness.status === 'checking' ? DEADLINE : FRESH) / 1000)))
  }
  return c.json(readiness, toHttpStatus(readiness))
}
