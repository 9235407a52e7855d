import { s3Sink } from '../../src/sinks/s3-sink.ts'
import type { SinkFixture } from '../sink-contract.ts'
import { fakeS3 } from './fake-s3.ts'

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

export function create(): SinkFixture {
  const { destination, fetch } = fakeS3({ bucket: '/my-bucket', secretAccessKey })
  const options = {
    prefix: "it's a/b+c =~é",
    region: 'eu-central-1',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey,
    sessionToken: 't0ken',
    fetch,
  }
  return {
    sink: s3Sink({ url: 'https://s3.example/my-bucket', ...options }),
    destination,
    elsewhere: [
      s3Sink({ url: 'https://s3.example/other-bucket', ...options }),
      s3Sink({ url: 'https://s3.example/my-bucket', ...options, prefix: 'other/' }),
    ],
    secrets: [secretAccessKey, 't0ken'],
  }
}
