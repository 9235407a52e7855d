import type { Hono } from 'hono'
import { type AppName, toApp } from './apps.ts'

/* One of the apps in workerd. */

interface Bindings {
  APP: AppName
  SINK: string
}

type Context = Parameters<Hono['fetch']>[2]

let app: Hono | undefined

export default {
  fetch(request: Request, env: Bindings, context: Context) {
    app ??= toApp[env.APP](env.SINK, (line) => console.log(line))
    return app.fetch(request, env, context)
  },
}
