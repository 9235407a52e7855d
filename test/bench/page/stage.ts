import { type Browser, openBrowser } from '../../harness/browser.ts'
import type { Listening } from '../../harness/listen.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { startShop } from './shop.ts'

/** One SDK, a shop that uses it, where it sends to, and a browser with a new profile. */
export interface Stage {
  receiver: Receiver
  shop: Listening
  browser: Browser
}

/** Nobody but this machine can be reached. */
const LOOPBACK_ONLY = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost']

/** Sets the stage for a script, and clears it away whatever happens on it. */
export async function onStage<Result>(script: string, play: (stage: Stage) => Promise<Result>): Promise<Result> {
  const receiver = await startReceiver()
  const shop = await startShop(script)
  const browser = await openBrowser({ flags: LOOPBACK_ONLY })
  try {
    return await play({ receiver, shop, browser })
  } finally {
    await browser.close()
    await Promise.all([receiver.close(), shop.close()])
  }
}

/** A page of the shop that starts the SDK as it loads. */
export const toStartPage = ({ shop, receiver }: Stage): string =>
  `${shop.url}/start?${new URLSearchParams({ url: receiver.url })}`
