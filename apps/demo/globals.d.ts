import type { Waybill } from '@waybill/browser'

declare global {
  /** A call made before the script has loaded: the method's name, then its arguments. */
  type WaybillCall = [method: keyof Waybill, ...args: unknown[]]

  interface Window {
    /** Before the script has loaded: an array that takes calls. After: the running Waybill, which takes them too. */
    waybill?: WaybillCall[] | (Waybill & { push: (call: WaybillCall) => void })
  }
}
