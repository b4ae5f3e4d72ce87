/** A bucket of the Cloud Storage emulator, over its public API. */
export const makeBucket = (endpoint: string, bucket: string): Promise<void> =>
  send('POST', `${endpoint}/storage/v1/b?project=acme`, JSON.stringify({ name: bucket }), 'application/json')

export const put = (endpoint: string, bucket: string, name: string, body: string): Promise<void> =>
  send('POST', `${endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`, body)

export const remove = (endpoint: string, bucket: string, name: string): Promise<void> =>
  send('DELETE', `${endpoint}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`)

const send = async (method: string, url: string, body?: string, type = 'text/csv'): Promise<void> => {
  const headers = body === undefined ? {} : { 'content-type': type }
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
}
