import { byteLength } from '@waybill/protocol'

/** Whether a text takes more than so many bytes as UTF-8. A UTF-16 unit takes three at most: few texts need a closer look. */
export const exceeds = (text: string, bytes: number): boolean => text.length * 3 > bytes && byteLength(text) > bytes
