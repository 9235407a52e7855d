import type { Locator, Page } from 'playwright'

/** The demo page that the Worker serves at `/`: the one place that knows how it is marked up. */
export interface DemoPage {
  pending: Locator
  recorded: Locator
  seq: Locator
  state: Locator
  /** Tracks one event, as a visitor does. */
  track(): Promise<void>
}

export const demoPage = (page: Page): DemoPage => ({
  pending: page.getByTestId('pending'),
  recorded: page.getByTestId('recorded'),
  seq: page.getByTestId('seq'),
  state: page.getByTestId('state'),
  track: () => page.getByRole('button', { name: 'Track a click' }).click(),
})

/** The number that a locator shows; NaN while it shows none. */
export async function numberIn(locator: Locator): Promise<number> {
  const digits = (await locator.textContent())?.replaceAll(/\D/g, '')
  return digits ? Number(digits) : Number.NaN
}
