import { afterEach, expect, onTestFinished } from 'vitest'
import type { createWaybill } from '../src/index.ts'
import { turn } from './parts.ts'

/** What a page may lack. */
export type Lack =
  | 'access to IndexedDB'
  | 'IndexedDB'
  | 'an IndexedDB that opens'
  | 'Web Locks'
  | 'CompressionStream'
  | 'BroadcastChannel'

export interface HostPage {
  frame: HTMLIFrameElement
  window: Window & { createWaybill: typeof createWaybill }
  /** Errors and unhandled rejections that reached the page. */
  faults: string[]
}

function openFrame(url: string): Promise<HTMLIFrameElement> {
  const frame = document.createElement('iframe')
  frame.src = url
  onTestFinished(() => frame.remove())
  return new Promise((resolve) => {
    frame.addEventListener('load', () => resolve(frame), { once: true })
    document.body.append(frame)
  })
}

let opened: HostPage[] = []

afterEach(() => {
  const faults = opened.flatMap((page) => page.faults)
  opened = []
  expect(faults, 'what reached the host pages').toEqual([])
})

/** Opens a page of this origin, in a frame, that has loaded the SDK. */
export async function openPage(...lacks: Lack[]): Promise<HostPage> {
  const query = new URLSearchParams(lacks.map((lack) => ['lacks', lack]))
  const frame = await openFrame(`/host-page.html?${query}`)
  await turn() // Now `pageshow` has been, too, which follows `load`.
  const page = frame.contentWindow as HostPage['window'] & { faults: string[] }
  const hostPage = { frame, window: page, faults: page.faults }
  opened.push(hostPage)
  return hostPage
}

/** Sends a page somewhere else, as a link would; resolves when it is there. */
export function navigate({ frame }: HostPage): Promise<void> {
  const arrived = new Promise<void>((resolve) => {
    frame.addEventListener('load', () => resolve(), { once: true })
  })
  if (frame.contentWindow) frame.contentWindow.location.href = '/blank.html'
  return arrived
}
