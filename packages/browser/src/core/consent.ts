/**
 * What the visitor lets us do. `pending`: nothing is stored and nothing is sent before there is a decision; events wait
 * in memory. `granted`. `denied`: nothing is kept.
 */
export type Consent = 'granted' | 'pending' | 'denied'

/** What a visitor can decide. */
export type ConsentDecision = Exclude<Consent, 'pending'>
