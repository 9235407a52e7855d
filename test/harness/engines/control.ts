import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from '../listen.ts'
import { readBody } from '../read-body.ts'
import type { Report } from './control-agent.ts'

/** The line between a test and one tab whose engine has none of its own: the page asks over HTTP what to do next. */
export interface Control extends AsyncDisposable {
  /** Where the page asks. */
  url: string
  /** Runs a function in the page that is there, or in the next that comes. Rejects when that page goes before it has answered. */
  evaluate<Result, Arg>(run: (arg: Arg) => Result | Promise<Result>, arg?: Arg): Promise<Result>
  /** Resolves when another document than the present one asks, or the same one after it was away, if it is at this URL. */
  next(url?: string): Promise<void>
  /** Resolves when the page has stopped asking, other than to make room for the next. Ask before it does. */
  gone(): Promise<void>
  close(): Promise<void>
}

interface Task {
  id: number
  code: string
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/** A page that is there asks again at once; one that has closed itself before it could may never do. */
const SILENCE = 1_000

export async function openControl(): Promise<Control> {
  const waiting: Task[] = []
  const watching = new Set<(report: Report) => void>()
  let given: Task | undefined
  let shown: string | undefined
  let asking: ServerResponse | undefined
  let leaving: PromiseWithResolvers<void> | undefined
  let silence: NodeJS.Timeout | undefined
  let tasks = 0

  function onAsk(report: Report, response: ServerResponse): void {
    clearTimeout(silence)
    if (report.shown !== shown) {
      shown = report.shown
      given?.reject(new Error('The page was left before it had answered'))
      given = undefined
      for (const watch of watching) watch(report)
    }
    if (given && report.result?.id === given.id) {
      const { value, error } = report.result
      if (error === undefined) given.resolve(value)
      else given.reject(new Error(error))
      given = undefined
    }
    asking = response
    response.once('close', () => {
      if (asking !== response) return
      asking = undefined
      depart()
    })
    give()
  }

  function depart(): void {
    given?.reject(new Error('The tab was closed before it had answered'))
    given = undefined
    leaving?.resolve()
  }

  function give(): void {
    if (!asking || given) return
    const task = waiting.shift()
    if (!task) return
    given = task
    const response = asking
    asking = undefined
    response.end(JSON.stringify({ id: task.id, code: task.code }))
    if (leaving) silence = setTimeout(depart, SILENCE)
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', '*')
    const body = await readBody(request)
    onAsk(JSON.parse(body.toString('utf8')), response)
  }

  const server = await listen((request, response) => {
    onRequest(request, response).catch(() => response.destroy())
  })

  const close = async () => {
    clearTimeout(silence)
    for (const task of [given, ...waiting]) task?.reject(new Error('The tab is closed'))
    await server.close()
  }

  return {
    url: server.url,
    evaluate: <Result, Arg>(run: (arg: Arg) => Result | Promise<Result>, arg?: Arg) =>
      new Promise<Result>((resolve, reject) => {
        tasks += 1
        const code = `(${run})(${arg === undefined ? '' : JSON.stringify(arg)})`
        waiting.push({ id: tasks, code, resolve: resolve as (value: unknown) => void, reject })
        give()
      }),
    next: (url) =>
      new Promise((resolve) => {
        const watch = ({ href }: Report) => {
          if (url !== undefined && href !== url) return
          watching.delete(watch)
          resolve()
        }
        watching.add(watch)
      }),
    gone() {
      leaving = Promise.withResolvers()
      return leaving.promise
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
