import { expect, test } from 'vitest'
import { isSigned } from './aws-signature.ts'

// The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const credential = 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
const examples = {
  GET: {
    url: 'https://examplebucket.s3.amazonaws.com/test.txt',
    headers: {
      Range: 'bytes=0-9',
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-amz-date': '20130524T000000Z',
      Authorization: `${credential},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
    },
  },
  PUT: {
    url: 'https://examplebucket.s3.amazonaws.com/test$file.text',
    headers: {
      Date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      Authorization: `${credential},SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd`,
    },
  },
}

test.each(Object.entries(examples))(
  "the signature of Amazon's example for %s is found right",
  async (method, { url, headers }) => {
    expect(await isSigned({ method, url, headers: new Headers(headers), secretAccessKey })).toBe(true)
  },
)

test('a signature of another request, or with another secret, is found wrong', async () => {
  const { url, headers: given } = examples.GET
  const headers = new Headers(given)
  expect(await isSigned({ method: 'PUT', url, headers, secretAccessKey })).toBe(false)
  expect(await isSigned({ method: 'GET', url: `${url}2`, headers, secretAccessKey })).toBe(false)
  expect(await isSigned({ method: 'GET', url, headers, secretAccessKey: 'x' })).toBe(false)
  headers.set('Range', 'bytes=0-99')
  expect(await isSigned({ method: 'GET', url, headers, secretAccessKey })).toBe(false)
})
