import { createLatestStates, type Grouping, groupings, renderState } from '../core/latest-states.ts'
import { createLineReader } from '../core/read-line.ts'
import { createRemarks } from '../core/remarks.ts'
import { unreadableKinds } from '../core/report.ts'
import type { Command } from './command.ts'
import { readAll } from './read-all.ts'

/** Shows what was last known of each stream or session. */
export const state: Command = {
  summary: 'Shows the latest state of each stream or session.',
  usage: 'waybill state [--by stream|session] [--json] [--progress] FILE…|FOLDER…|-',
  options: {
    by: { choices: groupings, help: 'What to show a state of. Default: stream.' },
    json: { help: 'Print one JSON object a line.' },
    progress: { help: 'Say on stderr how far it is, terminal or not.' },
  },
  details: `Each event carries all the state that had accumulated when it happened: the one
with the highest seq says it all, and nothing is joined. Reads what
\`waybill audit\` reads. What can't be read is named on stderr.

Memory grows with streams or sessions, not with events.

Exit codes:
  0  all was read
  2  called in a wrong way, or part of the input can't be read

Examples:
  waybill state events.ndjson
  waybill state --by session --json bucket/`,

  async run({ paths, flags, values }, terminal) {
    const remarks = createRemarks()
    const by = (values.by ?? 'stream') as Grouping
    const states = createLatestStates({ by, readLine: createLineReader(), remark: remarks.add })
    await readAll('state', paths, flags.has('progress'), terminal, {
      line: (text, number, file) => states.addLine(text, file, number),
      remark: remarks.add,
    })
    // One by one: the text of a million is longer than a string may be.
    let isFirst = true
    for (const each of states.list()) {
      if (flags.has('json')) terminal.stdout.write(`${JSON.stringify(each)}\n`)
      else terminal.stdout.write(`${isFirst ? '' : '\n'}${renderState(each)}`)
      isFirst = false
    }
    for (const { file, line, detail } of remarks.list) {
      terminal.stderr.write(`${file}${line === undefined ? '' : `:${line}`}: ${detail}\n`)
    }
    return Object.keys(remarks.counts).some((kind) => (unreadableKinds as ReadonlySet<string>).has(kind)) ? 2 : 0
  },
}
