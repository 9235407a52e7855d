import { signatureCacheContract } from '../../test/signature-cache-contract.ts'
import { noSignatureCache } from './no-signature-cache.ts'

signatureCacheContract('no cache', () => ({ cache: noSignatureCache, pass: async () => {} }), { remembers: false })
