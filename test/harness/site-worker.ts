import { sendInBackground } from '@waybill/browser/service-worker'

/* A site's own service worker. Its script's URL says with which options, as a test wants them. */
sendInBackground(JSON.parse(new URL(location.href).searchParams.get('options') ?? ''))
