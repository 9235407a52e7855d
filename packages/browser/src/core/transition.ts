/** What a page goes through: `left` may be for good, or until it is `running` again; `online` also runs. */
export type Transition = 'hidden' | 'left' | 'running' | 'online'
