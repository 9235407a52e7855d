import { sendInBackground } from '@waybill/browser/service-worker'

/* A site's own service worker. Its script's URL says with which options, as a test wants them. */

/** Tells the site's pages whenever the worker has asked for a lock, and whether it was free. */
const asked = new BroadcastChannel('asked-for-lock')
const { locks } = navigator
const request = locks.request.bind(locks) as (
  name: string,
  options: LockOptions,
  work: LockGrantedCallback<unknown>,
) => Promise<unknown>
Object.assign(locks, {
  request: (name: string, options: LockOptions, work: LockGrantedCallback<unknown>) =>
    request(name, options, (lock) => {
      asked.postMessage({ name, free: lock !== null })
      return work(lock)
    }),
})

sendInBackground(JSON.parse(new URL(location.href).searchParams.get('options') ?? ''))
