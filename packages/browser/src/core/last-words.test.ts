import { lastWordsContract } from '../../test/last-words-contract.ts'
import { createMemoryWords } from '../../test/parts.ts'

// The tests' own must keep to it, too, or what they show would be worth nothing.
lastWordsContract('memory', createMemoryWords)
