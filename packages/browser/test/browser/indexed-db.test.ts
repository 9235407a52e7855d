import { delay } from '../databases.ts'
import { indexedDbContract } from '../indexed-db-contract.ts'

// Says whether what the simulation is held to is true.
indexedDbContract('the browser', () => ({ openPage: () => indexedDB, rest: () => delay(20) }))
