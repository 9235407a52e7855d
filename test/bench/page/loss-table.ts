import { describeMachine, type Machine } from './machine.ts'
import type { Loss } from './measure-loss.ts'
import type { PeerName } from './peers.ts'

export interface LossResults {
  date: string
  machine: Machine & { chromium: string }
  peers: Partial<Record<PeerName, { package: string; version: string; settings: object; faults: Record<string, Loss> }>>
}

/** A line for each fault, a column for each SDK: arrived of handed over, and what came twice. */
export function toLossTable({ date, machine, peers }: LossResults): string {
  const all = Object.entries(peers)
  const faults = [...new Set(all.flatMap(([, { faults }]) => Object.keys(faults)))]
  const notes: string[] = []
  const note = (text: string): string => {
    const index = notes.includes(text) ? notes.indexOf(text) : notes.push(text) - 1
    return `<sup>${index + 1}</sup>`
  }
  const toCell = (loss: Loss | undefined) => {
    if (!loss) return ''
    const { arrived, handedOver, repeated, failed } = loss
    if (failed !== undefined && arrived === 0) return `–${note(failed)}`
    const text = `${arrived === handedOver ? arrived : `**${arrived}**`}${repeated > 0 ? ` +${repeated}` : ''}`
    return failed === undefined ? text : `${text}${note(failed)}`
  }
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `Measured ${date}: ${describeMachine(machine)}, Chromium ${machine.chromium}. How many events arrived, in bold where some did not; + how often one came again.`,
    '',
    row(['Fault', 'handed over', ...all.map(([name, { version }]) => `${name} ${version}`)]),
    row(['---', ...all.map(() => '---'), '---']),
    ...faults.map((fault) => {
      const handedOver = all.map(([, { faults }]) => faults[fault]?.handedOver).find((count) => count !== undefined)
      return row([fault, (handedOver ?? 0).toLocaleString('en'), ...all.map(([, { faults }]) => toCell(faults[fault]))])
    }),
    ...(notes.length > 0 ? ['', ...notes.map((text, index) => `${index + 1}. Not measured: ${text}.`)] : []),
  ].join('\n')
}
