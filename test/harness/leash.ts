// Runs a command as the leader of its process group, and ends the whole group when whoever holds the other end of
// stdin is gone, however that one died. So no test run leaves a process behind.
import { spawn } from 'node:child_process'
import { killGroup } from './kill-group.ts'

const [command = '', ...args] = process.argv.slice(2)
const end = () => killGroup(process.pid)

spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  .once('exit', end)
  .once('error', (error) => {
    console.error(error.message)
    end()
  })
process.stdin.once('end', end).once('error', end).resume()
