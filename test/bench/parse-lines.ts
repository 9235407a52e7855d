import { stdin } from 'node:process'

const LF = 0x0a

// The least that an audit could do: reads lines from standard input, and parses each.

let held: Buffer = Buffer.alloc(0)
let lines = 0
for await (const read of stdin) {
  const chunk = held.length > 0 ? Buffer.concat([held, read]) : (read as Buffer)
  let from = 0
  for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
    JSON.parse(chunk.toString('utf8', from, end))
    lines++
    from = end + 1
  }
  held = chunk.subarray(from)
}
console.log(lines)
