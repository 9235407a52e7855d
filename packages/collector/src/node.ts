// What needs Node, and runs nowhere else.
export { type FileSink, type FileSinkOptions, fileSink, type Repair } from './node/file-sink.ts'
export { type App, type RunningServer, type ServerOptions, startServer } from './node/start-server.ts'
