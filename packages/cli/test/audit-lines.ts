import { createAudit } from '../src/core/create-audit.ts'
import type { AuditReport, StreamReport } from '../src/core/report.ts'
import { createSpool } from '../src/edges/create-spool.ts'
import { digest } from '../src/edges/digest.ts'

/** The lines of files by their names, audited in that order. */
export function auditLines(files: Readonly<Record<string, readonly string[]>>): AuditReport {
  const spool = createSpool()
  try {
    const audit = createAudit({ spool, digest })
    for (const [file, lines] of Object.entries(files)) {
      audit.beginFile(file)
      for (const [index, line] of lines.entries()) audit.addLine(line, index + 1)
    }
    return audit.report(0)
  } finally {
    spool.close()
  }
}

/** The report of the only stream there is. */
export function onlyStream({ streams }: AuditReport): StreamReport {
  const [stream, ...others] = streams
  if (!stream || others.length > 0) throw new Error(`${streams.length} streams where one was expected`)
  return stream
}
