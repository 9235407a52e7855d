import { createAudit } from '../core/create-audit.ts'
import { renderReport } from '../core/render-report.ts'
import type { AuditReport } from '../core/report.ts'
import { createSpool } from '../edges/create-spool.ts'
import { digest } from '../edges/digest.ts'
import type { Command } from './command.ts'
import { readAll } from './read-all.ts'

const exitCodes = { complete: 0, incomplete: 1, unreadable: 2, empty: 2 } as const

/** Proves from what a sink holds that nothing is missing, or says what is. */
export const audit: Command = {
  summary: 'Proves that nothing is missing, or says what is.',
  usage: 'waybill audit [--json] [--all] [--progress] FILE…|FOLDER…|-',
  options: {
    json: { help: 'Print the whole report as one JSON object, a stream a line.' },
    all: { help: 'List everything; without it, lists end after 20 rows.' },
    progress: { help: 'Say on stderr how far it is, terminal or not.' },
  },
  details: `Reads complete events and tombstones as a collector's destination holds them:
NDJSON, JSON arrays one a line as a webhook gets them, gzip (told by its
content), folders with all that is below them, - for standard input. A copy of
the R2 bucket is read as it is.

It says of each stream which seqs are there, which gaps say why (shed in the
browser, rejected by the collector) and which don't, what came again, by batch
and by event, what is out of order, and where it is forked: one seq with two
contents. What is compared is the browser's own bytes, without the \`received\`
that the collector appends. Lag is \`received.at\` less \`timestamp\`; its
percentiles are off by 2 % at most.

Lines that are damaged or of another program are named with file and line, and
the audit goes on.

A proof ends at the last seq that any line, batch id or object name mentions:
of what never left a browser, no destination can know.

Memory grows with streams, gaps and forks, not with events. Digests, 8 bytes for
an event and 64 for a batch, go to a temporary file when they are more than
1 MiB; TMPDIR says where.

Exit codes:
  0  complete: every gap says why, and no stream is forked
  1  a gap that nothing explains, or a fork
  2  called in a wrong way, or not all could be read and the rest has neither
     gap nor fork, or nothing is of a stream

Examples:
  waybill audit events.ndjson
  waybill audit --json bucket/ > report.json
  gzip -dc *.gz | waybill audit -`,

  async run({ paths, flags }, terminal) {
    const spool = createSpool()
    try {
      const audit = createAudit({ spool, digest })
      const bytes = await readAll('audit', paths, flags.has('progress'), terminal, {
        beginFile: audit.beginFile,
        line: audit.addLine,
        remark: audit.addRemark,
      })
      const report = audit.report(bytes)
      const pieces = flags.has('json') ? toJson(report) : [renderReport(report, { all: flags.has('all') })]
      for (const piece of pieces) terminal.stdout.write(piece)
      return exitCodes[report.verdict]
    } finally {
      spool.close()
    }
  },
}

/** One JSON object, a stream a line: the text of a million streams is longer than a string may be. */
function* toJson({ streams, ...report }: AuditReport): Generator<string> {
  yield `${JSON.stringify(report).slice(0, -1)},"streams":[`
  for (const [index, stream] of streams.entries()) yield `${index === 0 ? '' : ','}\n${JSON.stringify(stream)}`
  yield '\n]}\n'
}
