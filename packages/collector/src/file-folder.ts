// How the folder of the file sink is laid out and who has it: for programs that rewrite what lies there.
export { isDayFile } from './node/day-file.ts'
export { lockFolder, type Unlock } from './node/lock-folder.ts'
