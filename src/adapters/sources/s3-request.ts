import { createHash } from 'node:crypto'
import { AwsClient } from 'aws4fetch'
import { type Answer, ask, type Patience } from './calls.ts'
import { s3Words } from './s3-listing.ts'

export interface S3Options {
  /** Without it AWS. */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  /** Without them requests are not signed, as public buckets allow. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  readonly patience?: Patience
  /** What a refusal is to be mended by. */
  readonly remedy?: string
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT'
  readonly bucket: string
  /** With its query; begins after the bucket's slash. */
  readonly path: string
  /** Named in faults. */
  readonly address: string
  readonly answers?: readonly number[]
  readonly body?: string
}

/** Requests to AWS S3, or to a store that speaks as it does. What is signed has its body's digest, also where there is no body. */
export const createS3Request = ({ endpoint, region = 'us-east-1', credentials, patience, remedy }: S3Options) => {
  const client = credentials && new AwsClient({ ...credentials, service: 's3', region, retries: 0 })

  /** A custom endpoint is asked path-style: it seldom has a name for each bucket. Neither has AWS for those with dots. */
  const baseOf = (bucket: string): string => {
    if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, '')}/${bucket}`
    return bucket.includes('.')
      ? `https://s3.${region}.amazonaws.com/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`
  }

  return (request: S3Request, signal: AbortSignal): Promise<Answer> => {
    const { method, bucket, path, address, answers = [404], body } = request
    const url = `${baseOf(bucket)}/${path}`
    const sent = body === undefined ? { method } : { method, body }
    const attempt = async (limited: AbortSignal): Promise<Response> => {
      const headers = {
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
      }
      const signed = client === undefined ? new Request(url, sent) : await client.sign(url, { ...sent, headers })
      return fetch(signed, { redirect: 'manual', signal: limited })
    }
    return ask({ address, attempt, wordsIn: s3Words, answers, remedy }, signal, patience)
  }
}

/** A name as a path has it: only its slashes stay. */
export const s3Path = (name: string): string => name.split('/').map(encodeURIComponent).join('/')
