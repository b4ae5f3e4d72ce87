import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readObjects, readVersioning, readVersions, s3Words } from './s3-listing.ts'

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const listing = (inside: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</ListBucketResult>`

describe('a listing of S3', () => {
  it('reads names, sizes and ETags, and where it goes on', () => {
    const page = listing(
      `<Name>b</Name><Prefix>in/</Prefix><KeyCount>1</KeyCount><IsTruncated>true</IsTruncated>
      <Contents><Key>in/a.csv</Key><LastModified>2026-11-27T02:07:51.000Z</LastModified><ETag>&quot;abc&quot;</ETag><Size>12</Size>
      <Owner><ID>x</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>
      <NextContinuationToken>1&#x2B;/&#61;</NextContinuationToken>`,
    )
    expect(readObjects(page)).toEqual({
      objects: [{ name: 'in/a.csv', generation: 'abc:12', size: 12, etag: 'abc' }],
      next: { 'continuation-token': '1+/=' },
    })
  })

  it('takes of several versions the one that stands, and no object that is deleted', () => {
    const page = `<ListVersionsResult><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>
      <NextKeyMarker>in/b+c</NextKeyMarker><NextVersionIdMarker>v9</NextVersionIdMarker>
      <Version><Key>in/a.csv</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest><ETag>"x"</ETag><Size>3</Size></Version>
      <Version><Key>in/a.csv</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest><ETag>"y"</ETag><Size>4</Size></Version>
      <Version><Key>in/old.csv</Key><VersionId>null</VersionId><IsLatest>true</IsLatest><ETag>"z"</ETag><Size>5</Size></Version>
      <DeleteMarker><Key>in/gone.csv</Key><VersionId>v4</VersionId><IsLatest>true</IsLatest></DeleteMarker></ListVersionsResult>`
    expect(readVersions(page)).toEqual({
      objects: [
        { name: 'in/a.csv', generation: 'v2', size: 3, etag: 'x' },
        { name: 'in/old.csv', generation: 'z:5', size: 5, etag: 'z' },
      ],
      next: { 'key-marker': 'in/b c', 'version-id-marker': 'v9' },
    })
  })

  it('says whether a bucket keeps versions', () => {
    expect(readVersioning('<VersioningConfiguration xmlns="x"/>')).toBe(false)
    expect(readVersioning('<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>')).toBe(true)
  })

  it('reads the words of a refusal', () => {
    expect(s3Words('<Error><Code>AccessDenied</Code><Message>Access &quot;Denied&quot;</Message></Error>')).toBe(
      'AccessDenied: Access "Denied"',
    )
    expect(s3Words('nginx')).toBeUndefined()
  })

  it('reads every name as it was written, encoded or not', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(fc.array(name), fc.boolean(), (names, encoded) => {
        const write = (text: string) => escaped(encoded ? encodeURIComponent(text).replaceAll('%20', '+') : text)
        const contents = names.map((n) => `<Contents><Key>${write(n)}</Key><Size>1</Size></Contents>`).join('\n')
        const page = listing(`${encoded ? '<EncodingType>url</EncodingType>' : ''}${contents}`)
        expect(readObjects(page)?.objects.map((object) => object.name)).toEqual(names)
      }),
    )
  })

  it('is total', () => {
    const piece = fc.constantFrom(
      '<Contents>',
      '</Contents>',
      '<Key>',
      '</Key>',
      '<ListBucketResult>',
      '&#x',
      '&amp;',
      'a',
      '<',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const text = pieces.join('')
        for (const read of [readObjects, readVersions, readVersioning, s3Words]) read(text)
      }),
    )
  })
})
