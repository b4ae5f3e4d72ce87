import { describe, expect, it } from 'vitest'
import { translateAuditEntry } from './bigquery-audit.ts'

const entry = (metadata: object, over: object = {}) => ({
  insertId: '1bgwb5xdkl2u',
  logName: 'projects/acme/logs/cloudaudit.googleapis.com%2Fdata_access',
  resource: { type: 'bigquery_dataset', labels: { dataset_id: 'beans', project_id: 'acme' } },
  severity: 'INFO',
  timestamp: '2026-11-27T02:07:51.123456Z',
  protoPayload: {
    '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
    serviceName: 'bigquery.googleapis.com',
    methodName: 'google.cloud.bigquery.v2.JobService.InsertJob',
    resourceName: 'projects/acme/datasets/beans/tables/harvest',
    metadata: { '@type': 'type.googleapis.com/google.cloud.audit.BigQueryAuditMetadata', ...metadata },
    ...over,
  },
})
const changed = { tableDataChange: { insertedRowsCount: '1000', reason: 'JOB', jobName: 'projects/acme/jobs/1' } }

describe('an audit entry of BigQuery', () => {
  it('tells of a table whose rows changed, at the time that it says', () => {
    expect(translateAuditEntry(entry(changed))).toEqual({
      kind: 'news',
      news: [
        {
          event: 'written',
          object: {
            uri: 'bq://acme.beans.harvest',
            generation: String(Date.UTC(2026, 10, 27, 2, 7, 51, 123)),
            size: 0,
          },
        },
      ],
    })
  })

  it('tells of a table that is gone', () => {
    expect(translateAuditEntry(entry({ tableDeletion: { reason: 'QUERY' } }))).toMatchObject({
      news: [{ event: 'deleted', object: { uri: 'bq://acme.beans.harvest' } }],
    })
  })

  it.each([
    ['a table that was read', entry({ tableDataRead: { reason: 'JOB' } }), 'ignored'],
    ['a table that was made', entry({ tableCreation: { reason: 'JOB' } }), 'ignored'],
    ['no metadata', entry({}, { metadata: undefined }), 'ignored'],
    ['another service', entry(changed, { serviceName: 'storage.googleapis.com' }), 'ignored'],
    ['a dataset', entry(changed, { resourceName: 'projects/acme/datasets/beans' }), 'invalid'],
    ['another project in its table', entry(changed, { resourceName: 'projects/a/b/datasets/c/tables/d' }), 'invalid'],
    ['a table with a dot', entry(changed, { resourceName: 'projects/acme/datasets/beans/tables/a.b' }), 'invalid'],
    ['no time', { ...entry(changed), timestamp: 'yesterday' }, 'invalid'],
    ['a list', [], 'invalid'],
  ])('of %s is %s', (_what, value, kind) => {
    expect(translateAuditEntry(value).kind).toBe(kind)
  })

  it.each([
    ['projects/acme/datasets/beans/tables/harvest$20261127', 'bq://acme.beans.harvest'],
    ['projects/example.com:acme/datasets/beans/tables/harvest', 'bq://example.com:acme.beans.harvest'],
    ['projects/acme/datasets/beans/tables/bohnen-ernte_é', 'bq://acme.beans.bohnen-ernte_é'],
  ])('%s is %s', (resourceName, uri) => {
    expect(translateAuditEntry(entry(changed, { resourceName }))).toMatchObject({ news: [{ object: { uri } }] })
  })
})
