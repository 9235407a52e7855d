import { join, relative } from 'node:path'
import { generateEvents } from './examples/generate-events.ts'
import { openEvents } from './examples/open-events.ts'
import { readQuestions } from './examples/questions.ts'
import { renderAnswer, renderComparison } from './examples/render.ts'
import { traffic } from './examples/traffic.ts'

// Sends visitors through the shop, on the whole path, and asks what arrived.

const folder = join(import.meta.dirname, '../apps/shop/events')

const visits = traffic.reduce((sum, visitor) => sum + visitor.visits.length, 0)
console.log(`${traffic.length} visitors, ${visits} visits: Chromium → collector → R2 …`)
const objects = await generateEvents(traffic, folder)
console.log(`${objects} objects of the bucket: ${relative(process.cwd(), folder)}\n`)

const [questions, events] = await Promise.all([readQuestions(), openEvents(folder)])
for (const question of questions) console.log(`${renderAnswer(question, await events.ask(question.sql))}\n\n`)
console.log(renderComparison(questions))
events[Symbol.dispose]()
