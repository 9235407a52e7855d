import { findProgram } from './find-program.ts'

/** `FIREFOX_PATH`, else a Firefox of this machine. */
export const findFirefox = (): string | undefined =>
  findProgram({
    variable: 'FIREFOX_PATH',
    names: ['firefox-esr', 'firefox'],
    places: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  })
