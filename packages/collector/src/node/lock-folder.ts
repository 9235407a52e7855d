import { createHash } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Lets go of the folder. */
export type Unlock = () => Promise<void>

/**
 * Takes a folder for this process alone, among the processes of this machine, or of its container: two that append to one file could not tell each
 * other's writes from a torn one. The lock is a socket that is listened on, so that the system lets go of it with the process.
 *
 * @returns nothing when another process has it
 */
export async function lockFolder(folder: string, platform: string = process.platform): Promise<Unlock | undefined> {
  const { dev, ino } = await stat(folder, { bigint: true })
  const name = `waybill-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 16)}`
  const address = toAddress(name, platform)
  let server = await listen(address)
  if (server === 'taken' && isFile(address) && !(await isAlive(address))) {
    await rm(address, { force: true })
    server = await listen(address)
  }
  if (server === 'taken') return
  // Where there is no such socket, as in a sandbox, the check of each write's outcome is all there is.
  if (server === 'impossible') return async () => {}
  const held = server
  return () => new Promise((resolve) => held.close(() => resolve()))
}

/** Linux has names for sockets that are no files, and Windows pipes; elsewhere it is a file, which a killed process leaves. */
function toAddress(name: string, platform: string): string {
  if (platform === 'linux') return `\0${name}`
  if (platform === 'win32') return `\\\\.\\pipe\\${name}`
  return join(tmpdir(), `${name}.sock`)
}

const isFile = (address: string): boolean => address.endsWith('.sock')

const listen = (address: string): Promise<Server | 'taken' | 'impossible'> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' ? 'taken' : 'impossible'),
    )
    server.listen(address, () => {
      server.unref()
      resolve(server)
    })
  })

const isAlive = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address)
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
