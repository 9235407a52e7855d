/** What a page goes through: `left` may be for good, `frozen` stands still, `online` also runs. */
export type Transition = 'hidden' | 'left' | 'frozen' | 'running' | 'online'
