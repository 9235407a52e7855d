export { type SendInBackgroundOptions, sendInBackground } from './send-in-background.ts'
