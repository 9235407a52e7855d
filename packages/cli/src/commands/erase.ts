import { createErasure, type Person } from '../core/create-erasure.ts'
import { printable } from '../core/printable.ts'
import { createLineReader } from '../core/read-line.ts'
import { createRemarks } from '../core/remarks.ts'
import { unreadableKinds } from '../core/report.ts'
import { listFiles, toUnreadable } from '../edges/list-files.ts'
import { lockFiles } from '../edges/lock-files.ts'
import { readLines } from '../edges/read-lines.ts'
import { rewriteFile } from '../edges/rewrite-file.ts'
import type { Command } from './command.ts'
import { type Call, UsageError } from './options.ts'
import { readAll } from './read-all.ts'
import type { Terminal } from './terminal.ts'

/** Takes one person's events out of what a sink holds, and leaves what explains the gaps. */
export const erase: Command = {
  summary: "Takes out one person's events.",
  usage: `waybill erase --anonymous-id ID|--user-id ID [--dry-run] [--progress]
                FILE…|FOLDER…`,
  options: {
    'anonymous-id': { value: 'ID', help: 'Whom: who has this anonymousId.' },
    'user-id': { value: 'ID', help: 'Whom: who has this userId.' },
    'dry-run': { help: 'Change nothing; say what would be.' },
    progress: { help: 'Say on stderr how far it is, terminal or not.' },
  },
  details: `Reads what \`waybill audit\` reads, twice, and rewrites the files that hold
something of that person, in their places, gzip as gzip; of a link, the file to
which it leads. A copy of an R2 bucket is rewritten as it is. All other lines
keep their bytes.

A stream is one person's. So in each stream in which the id appears every event
goes, with what came before the id was known, but for events with another id of
the same kind: somebody has used the browser without reset(). In the place of
each stands a tombstone, rejected for the reason \`erased\`, with the stream, the
seq, the batch and when it came: \`waybill audit\` finds the gap explained.

Prints the files that were rewritten, one a line, and the sums on stderr, with
the anonymousIds that were met: what has the same one in other streams takes
another call. Lines and files that can't be read are left as they are and named
on stderr.

Where the collector's file sink writes, nothing is erased while it runs, as what
it appends to a file that is being replaced would be lost; nor does one start
there until the end. Stop the collector, or move files of days that are over to
a folder elsewhere and erase there. One in another container is not seen. Nor is
one that gets there through a link, where you name what the link leads to: name
the link.

Memory grows with files and streams, not with events.

Exit codes:
  0  all that there was of that person is erased
  1  there was nothing of that person
  2  called in a wrong way, or a collector has the folder, or not all could be
     read or written

Examples:
  waybill erase --user-id u-17 --dry-run bucket/
  waybill erase --anonymous-id 0192d0c4-11d2-7e08-8a55-c07be6a41f90 bucket/`,

  async run(call, terminal) {
    const person = toPerson(call)
    if (call.paths.includes('-'))
      throw new UsageError('Name files or folders: standard input has no place to be rewritten in.')
    if (call.flags.has('dry-run')) return erasePerson(person, call, terminal)
    const { sources } = await listFiles(call.paths)
    // A pipe has no size, nor a place that a collector could append to.
    const files = sources.filter(({ bytes }) => bytes !== undefined)
    const unlock = await lockFiles(files.map(({ path }) => path))
    try {
      return await erasePerson(person, call, terminal)
    } finally {
      await unlock()
    }
  },
}

async function erasePerson(person: Person, { paths, flags }: Call, terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal
  const erasure = createErasure(person)
  const remarks = createRemarks()
  const readLine = createLineReader()
  await readAll('erase', paths, flags.has('progress'), terminal, {
    line(text, number, file) {
      for (const line of readLine(text)) {
        if ('detail' in line) remarks.add({ kind: line.kind, file, line: number, detail: line.detail })
        else erasure.find(line, file)
      }
    },
    remark: remarks.add,
  })

  const isDry = flags.has('dry-run')
  const sum = { files: 0, events: 0, others: 0, anonymousIds: new Set<string>() }
  for (const file of erasure.files()) {
    const { rewrite, done } = erasure.beginFile()
    try {
      if (isDry) await readLines(file, terminal.stdin, { line: rewrite, remark() {}, bytes() {} })
      else await rewriteFile(file, rewrite)
    } catch (error) {
      remarks.add(toUnreadable(file, error))
      continue
    }
    sum.others += done.others
    if (done.events === 0) continue
    sum.files++
    sum.events += done.events
    for (const anonymousId of done.anonymousIds) sum.anonymousIds.add(anonymousId)
    stdout.write(`${file}\n`)
  }

  for (const { file, line, detail } of remarks.list) {
    stderr.write(`${file}${line === undefined ? '' : `:${line}`}: ${detail}\n`)
  }
  stderr.write(describe(sum, isDry))
  if (Object.keys(remarks.counts).some((kind) => (unreadableKinds as ReadonlySet<string>).has(kind))) return 2
  return erasure.streams() > 0 ? 0 : 1
}

interface Sum {
  files: number
  events: number
  others: number
  anonymousIds: ReadonlySet<string>
}

function describe({ files, events, others, anonymousIds }: Sum, isDry: boolean): string {
  const what = `${count(events, 'event')} in ${count(files, 'file')}`
  return [
    isDry ? `${what} would be erased.` : `${what} erased.`,
    ...[...anonymousIds].map((anonymousId) => `  anonymousId ${printable(anonymousId)}`),
    ...(others > 0 ? [`${count(others, 'event')} of somebody else in the same streams left as they were.`] : []),
    '',
  ].join('\n')
}

const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`

function toPerson({ values }: Call): Person {
  const { 'anonymous-id': anonymousId, 'user-id': userId } = values
  if ((anonymousId === undefined) === (userId === undefined)) {
    throw new UsageError('Say whom to erase: --anonymous-id ID or --user-id ID. See: waybill erase --help')
  }
  return anonymousId === undefined
    ? { member: 'userId', id: userId as string }
    : { member: 'anonymousId', id: anonymousId }
}
