/** The three engines that people browse with. */
export type EngineName = 'Chromium' | 'Firefox' | 'WebKit'

/** One engine, and how it is driven. Every driver keeps the same promises, so that a scenario is written once. */
export interface Engine {
  readonly name: EngineName
  /** Why it can't be driven here; nothing when it can. */
  unavailable(): string | undefined
  /** What a site puts into the head of its pages, so that the driver reaches them. */
  readonly head?: string
  /** Starts it on a new profile, which is removed when the browser is closed. */
  open(): Promise<EngineBrowser>
}

/** A real browser on a profile of its own, which outlives the browser's processes. */
export interface EngineBrowser extends AsyncDisposable {
  /** As the engine says it. */
  readonly version: string
  /** Opens a tab and resolves when the page has loaded. */
  newPage(url: string): Promise<EnginePage>
  /** Cuts the browser's own network. An engine without it is cut at the proxy. */
  setOffline?(offline: boolean): Promise<void>
  /** Ends it as a person does, by closing its window. Resolves when its processes are gone. */
  quit(): Promise<void>
  /** SIGKILL to all its processes, sent before this returns. Resolves when they are gone. */
  kill(): Promise<void>
  /** Starts it again on the same profile. */
  reopen(): Promise<void>
  /** Ends it in any way and removes the profile. */
  close(): Promise<void>
}

/** One tab. */
export interface EnginePage {
  /** Runs a function in the page; it sees its argument and nothing else of where it was written. */
  evaluate<Result>(run: () => Result | Promise<Result>): Promise<Result>
  evaluate<Result, Arg>(run: (arg: Arg) => Result | Promise<Result>, arg: Arg): Promise<Result>
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** Goes back in the tab's history. Resolves when the page before is shown. */
  goBack(): Promise<void>
  /** Resolves when the tab has loaded this URL by itself. Ask before the page sets out. */
  arrive(url: string): Promise<void>
  /** Resolves when the page has closed its own tab. Ask before it does. */
  closed(): Promise<void>
  /** Closes the tab as a person does. */
  close(): Promise<void>
  /** Ends the process that runs the page, and nothing else. */
  crash?(): Promise<void>
  /** Lets the page's origin store so many bytes and no more; as many as before without a number. */
  limitStorage?(bytes?: number): Promise<void>
}
