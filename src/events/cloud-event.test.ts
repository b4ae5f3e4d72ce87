import { describe, expect, it } from 'vitest'
import { readCloudEvents } from './cloud-event.ts'

const context = { specversion: '1.0', id: '1', source: '/acme', type: 'a.b' }
const read = (contentType: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  readCloudEvents({ header: (name) => ({ 'content-type': contentType, ...headers })[name] ?? '', body })
const base64 = (text: string) => Buffer.from(text).toString('base64')
const labels = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/acme', 'ce-type': 'a.b' }

describe('CloudEvents over HTTP', () => {
  it.each([
    ['structured', 'application/cloudevents+json', { ...context, data: { x: 1 } }, {}],
    ['with a charset, in capitals', 'Application/CloudEvents+JSON; charset=UTF-8', { ...context, data: { x: 1 } }, {}],
    ['with data in base64', 'application/cloudevents+json', { ...context, data_base64: base64('{"x": 1}') }, {}],
    ['in a batch', 'application/cloudevents-batch+json', [{ ...context, data: { x: 1 } }], {}],
    ['binary', 'application/json', { x: 1 }, labels],
    ['binary, of a JSON of its own', 'application/vnd.acme+json', { x: 1 }, labels],
  ])('%s', (_what, contentType, body, headers) => {
    expect(read(contentType, body, headers)).toEqual({
      ok: true,
      events: [{ type: 'a.b', source: '/acme', subject: '', data: { x: 1 } }],
    })
  })

  it('reads headers that are percent-encoded', () => {
    const headers = { ...labels, 'ce-subject': 'objects/%C3%A9t%C3%A9%20a.csv' }
    expect(read('application/json', {}, headers)).toMatchObject({ events: [{ subject: 'objects/été a.csv' }] })
    expect(read('application/json', {}, { ...labels, 'ce-subject': '100%' })).toMatchObject({
      events: [{ subject: '100%' }],
    })
  })

  it.each([
    ['another version', 'application/cloudevents+json', { ...context, specversion: '0.3' }, {}],
    ['no id', 'application/cloudevents+json', { ...context, id: '' }, {}],
    ['two kinds of data', 'application/cloudevents+json', { ...context, data: 1, data_base64: 'e30=' }, {}],
    ['data that is no base64', 'application/cloudevents+json', { ...context, data_base64: '{}' }, {}],
    ['depths in base64', 'application/cloudevents+json', { ...context, data_base64: base64('['.repeat(100)) }, {}],
    ['a batch that is none', 'application/cloudevents-batch+json', context, {}],
    ['one event as a batch', 'application/cloudevents+json', [context], {}],
    ['another format', 'application/cloudevents+avro', context, {}],
    ['no labels', 'application/json', context, {}],
    ['half of its labels', 'application/json', {}, { ...labels, 'ce-source': '' }],
    ['another type of data', 'text/csv', {}, labels],
  ])('with %s are refused', (_what, contentType, body, headers) => {
    expect(read(contentType, body, headers)).toMatchObject({ ok: false, reason: expect.stringMatching(/./) })
  })

  it('in a batch may be a thousand and no more, or none', () => {
    const many = (length: number) =>
      read(
        'application/cloudevents-batch+json',
        Array.from({ length }, () => context),
      )
    expect(many(0)).toEqual({ ok: true, events: [] })
    expect(many(1_000).ok).toBe(true)
    expect(many(1_001).ok).toBe(false)
  })
})
