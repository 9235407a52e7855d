import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test as base, expect } from 'vitest'
import { generateEvents } from '../examples/generate-events.ts'
import { openEvents } from '../examples/open-events.ts'
import { countParts, type Question, readQuestions } from '../examples/questions.ts'
import { renderAnswer, renderComparison } from '../examples/render.ts'
import { traffic } from '../examples/traffic.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'

const root = join(import.meta.dirname, '../..')

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a fixture needs
  .extend('folder', { scope: 'file' }, async ({}, { onCleanup }) => {
    const temporary = await temporaryFolder('examples')
    onCleanup(temporary[Symbol.asyncDispose])
    const folder = join(temporary.path, 'events')
    await generateEvents(traffic, folder)
    return folder
  })
  .extend('events', { scope: 'file' }, async ({ folder }, { onCleanup }) => {
    const events = await openEvents(folder)
    onCleanup(() => events[Symbol.dispose]())
    return events
  })

const questions = await readQuestions()
const questionOf = (name: string): Question => {
  const question = questions.find((question) => question.name === name)
  if (!question) throw new Error(`There is no question ${name}`)
  return question
}

/** What the traffic did, counted by hand. */
const known: Record<string, string[][]> = {
  'sessions-per-day': [
    // 2 + 3 minutes, and 20 in the visit that goes on after midnight.
    ['2026-11-16', '3', '12', '25'],
    // 1 + 1, then 7 and, an hour later, 1 in the tab that stays open, and 6 up to the crash.
    ['2026-11-17', '5', '18', '16'],
    ['2026-11-18', '3', '15', '13'],
    ['2026-11-19', '3', '6', '4'],
  ],
  // Two sessions never see a product, and of two that begin in the cart one sees it later and one orders without.
  funnel: [['14', '12', '8', '7', '3']],
  'first-touch': [
    ['newsletter / email', '1', '160'],
    ['https://camping.example/tents', '1', '120'],
    ['direct', '1', '40'],
    ['google / cpc', '1', '40'],
  ],
  // Of four that were left, the one whose visitor never came back is not told.
  'abandoned-checkouts': [
    ['address', '2', '160'],
    ['payment', '1', '160'],
  ],
}

test('what arrived in R2 is complete', ({ folder }) => {
  const audit = spawnSync(process.execPath, ['packages/cli/dist/waybill.js', 'audit', folder], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(audit.status, audit.stdout + audit.stderr).toBe(0)
})

test.for(Object.keys(known))('%s: the answer is what the visitors did', async (name, { events }) => {
  const { rows } = await events.ask(questionOf(name).sql)
  expect(rows).toEqual(known[name])
})

test.for(questions.map(({ name }) => name))(
  '%s: one statement, without joins and windows',
  async (name, { events }) => {
    const { sql } = questionOf(name)
    expect(sql.match(/;/g)).toHaveLength(1)
    expect(countParts(sql)).toEqual({ joins: 0, windows: 0 })
    // Nor does the database make one of what is written otherwise.
    const { rows } = await events.ask(`EXPLAIN ${sql}`)
    expect(rows.flat().join('\n')).toContain('READ_JSON')
    expect(rows.flat().join('\n')).not.toMatch(/JOIN|WINDOW|CROSS_PRODUCT/)
  },
)

test.for(questions.map(({ name }) => name))(
  '%s: start and stop events say the same, with joins',
  async (name, { events }) => {
    const { sql, startStop } = questionOf(name)
    expect(countParts(startStop).joins).toBeGreaterThan(0)
    expect(await events.ask(startStop)).toEqual(await events.ask(sql))
  },
)

test('what the README shows is what `pnpm examples` prints', async ({ events }) => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const question = questionOf('first-touch')
  for (const shown of [renderAnswer(question, await events.ask(question.sql)), renderComparison(questions)]) {
    expect(readme.includes(`\n${shown}\n`), `The README does not show:\n${shown}`).toBe(true)
  }
})
