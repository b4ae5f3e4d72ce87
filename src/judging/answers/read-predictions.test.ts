import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isFault } from '../../domain/errors.ts'
import { createCsvRows } from '../tables/csv-rows.ts'
import { createTableFaults } from '../tables/table-faults.ts'
import { readPredictions } from './read-predictions.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-predictions-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const read = async (content: string | Buffer, kind = 'csv', label: string | null = null) => {
  const path = join(folder, `table.${kind}`)
  await writeFile(path, content)
  return readPredictions({ path, label, name: `t.${kind}` })
}

/** All that is said of a table that cannot be judged by. */
const faultsOf = async (content: string | Buffer, kind = 'csv', label: string | null = null) => {
  const error = await read(content, kind, label).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isFault(error, 'predictions_invalid')) throw error ?? new Error('the table was read')
  return error.details.length === 0 ? [error.message] : error.details
}

describe('a table of probabilities', () => {
  it('gives classes, truth, the likeliest class, ids and slice columns', async () => {
    const table = await read(
      'id,label,p_a,p_b,region\r\n1,a,0.9,0.1,"north, east"\r\n2,b,0.4,0.6,south\r\n3,a,0.2,0.8,"north, east"\r\n',
    )
    expect(table).toEqual({
      kind: 'classification',
      rows: 3,
      classes: ['a', 'b'],
      truth: Int32Array.of(0, 1, 0),
      predicted: Int32Array.of(0, 1, 1),
      scores: Float64Array.of(0.9, 0.1, 0.4, 0.6, 0.2, 0.8),
      ids: ['1', '2', '3'],
      columns: { region: { values: ['north, east', 'south'], codes: Int32Array.of(0, 1, 0) } },
    })
  })

  it('believes predicted where it is there, and a label column by its name', async () => {
    const table = await read('Class,predicted,p_a,p_b\na,b,0.9,0.1\n', 'csv', 'Class')
    expect(table).toMatchObject({ truth: Int32Array.of(0), predicted: Int32Array.of(1), ids: null })
  })

  it.each([
    ['a byte order mark', '\uFEFFlabel,p_a,p_b\na,1,0\n'],
    ['no line break at the end', 'label,p_a,p_b\na,1,0'],
    ['quotes at the end, and none after them', 'p_a,p_b,label\n1,0,"a"'],
    ['empty lines', 'label,p_a,p_b\n\na,1,0\n\n'],
    ['a sum that is rounded', 'label,p_a,p_b\na,0.9995,0\n'],
    ['the rounding of 32-bit numbers', 'label,p_a,p_b\na,1.0000001,0\n'],
    ["pandas' index", ',label,p_a,p_b\n0,a,1,0\n'],
  ])('may have %s', async (_, text) => {
    expect(await read(text)).toMatchObject({ rows: 1, truth: Int32Array.of(0), ids: null, columns: {} })
  })

  it('keeps a line break in a cell, and counts it', async () => {
    const table = await read('label,p_a,p_b,note\na,1,0,"one\n""two"""\nb,0,1,x\n')
    expect(table.columns['note']?.values).toEqual(['one\n"two"', 'x'])
    expect(await faultsOf('label,p_a,p_b,note\na,1,0,"one\ntwo"\nc,0,1,x\n')).toEqual([
      't.csv:4: label: expected one of a, b, the p_ columns, got "c"',
    ])
  })

  it('has no column of more than 1,000 values to slice by', async () => {
    const rows = (count: number) =>
      `label,p_a,p_b,n\n${Array.from({ length: count }, (_, i) => `a,1,0,${i}`).join('\n')}`
    expect(Object.keys((await read(rows(1_000))).columns)).toEqual(['n'])
    expect(Object.keys((await read(rows(1_001))).columns)).toEqual([])
  })
})

describe('a table of decisions', () => {
  it('is a regression where the truth is numbers, else a classification', async () => {
    expect(await read('label,predicted\n1,1.5\n2e1,-3\n')).toMatchObject({
      kind: 'regression',
      truth: Float64Array.of(1, 20),
      predicted: Float64Array.of(1.5, -3),
      quantiles: [],
    })
    expect(await read('target,predicted\nb,a\n1,b\n')).toMatchObject({
      kind: 'classification',
      classes: ['1', 'a', 'b'],
      truth: Int32Array.of(2, 0),
      predicted: Int32Array.of(1, 2),
      scores: null,
    })
  })

  it('is a forecast where it has quantiles, of which the median is the prediction', async () => {
    expect(await read('truth,q_0.9,q_0.5,store_id,day_id\n3,4,2,1,mon\n3,5,1,1,tue\n')).toMatchObject({
      kind: 'regression',
      predicted: Float64Array.of(2, 1),
      quantiles: [
        { quantile: 0.5, predicted: Float64Array.of(2, 1) },
        { quantile: 0.9, predicted: Float64Array.of(4, 5) },
      ],
      ids: ['1/mon', '1/tue'],
      columns: { store_id: { values: ['1'] }, day_id: { values: ['mon', 'tue'] } },
    })
  })
})

describe('refuses', () => {
  const p = 'label,p_a,p_b\n'
  it.each([
    ['', ['t.csv:1: the file is empty, expected a table with a header']],
    [p, ['t.csv: expected at least one row after the header, got none']],
    [
      `${p}a,1.2,-0.2\n`,
      [
        't.csv:2: p_a: expected a probability from 0 to 1, got "1.2"',
        't.csv:2: p_b: expected a probability from 0 to 1, got "-0.2"',
      ],
    ],
    [`${p}a,NaN,1\n`, ['t.csv:2: p_a: expected a probability from 0 to 1, got "NaN"']],
    [`${p}a,,1\n`, ['t.csv:2: p_a: expected a probability from 0 to 1, got nothing']],
    [`${p}a,0x1,0\n`, ['t.csv:2: p_a: expected a probability from 0 to 1, got "0x1"']],
    [`${p}a,0.5,0.4\n`, ['t.csv:2: expected p_ columns that sum to 1 (within 0.001), got 0.9']],
    [`${p}c,0.5,0.5\n`, ['t.csv:2: label: expected one of a, b, the p_ columns, got "c"']],
    [`${p},0.5,0.5\n`, ['t.csv:2: label: expected one of a, b, the p_ columns, got nothing']],
    [
      `${p}a,1\na,1,0,0\n`,
      ['t.csv:2: expected 3 cells, as the header has, got 2', 't.csv:3: expected 3 cells, as the header has, got 4'],
    ],
    [`${p}a,1,"0\n`, ['t.csv:2: a quote is opened that nothing closes']],
    [`${p}a,1,"0"x\n`, ['t.csv:2: expected a comma after the quote that closes a cell, got "x"']],
    [`${p}a,1,0"x\n`, ['t.csv:2: expected quotes around the whole cell, got "0\\"x"']],
    ['label,p_a,p_a\na,1,0\n', ['t.csv:1: p_a: expected each column once, got it twice']],
    [
      'id,label,predicted\n1,a,a\n1,b,b\n',
      ['t.csv:3: id: expected another name for each example, got "1" again: example 1 has it'],
    ],
    ['id,label,predicted\n,a,a\n', ['t.csv:2: id: expected the name of the example, got nothing']],
    ['label,predicted\n1,1\nnan,2\n', ['t.csv:3: label: expected a number, got "nan"']],
    ['label,predicted\n1,1\n2,none\n', ['t.csv:3: predicted: expected a number, got "none"']],
    ['label,predicted\n1,\n', ['t.csv:2: predicted: expected a class or a number, got nothing']],
    ['label,q_0.5\n1,x\n', ['t.csv:2: q_0.5: expected a number, got "x"']],
    [
      'label,q_50\n1,1\n',
      [
        't.csv:1: q_50: expected q_ and a quantile between 0 and 1, such as q_0.9',
        't.csv:1: expected predicted or q_0.5 beside the quantiles: errors are measured on it',
      ],
    ],
    [
      'Class,p_a\na,1\n',
      ['t.csv:1: expected a column of the truth (label, target, truth, or --label COLUMN): there are Class, p_a'],
    ],
    [
      'label;p_a\na;1\n',
      [
        't.csv:1: expected a column of the truth (label, target, truth, or --label COLUMN): there are label;p_a; cells are separated by commas',
        't.csv:1: expected p_<class> of every class, or predicted: there are label;p_a; cells are separated by commas',
      ],
    ],
    ['label,p_a\ra,1\ra,1\r', ['t.csv:1: lines end with CR alone: expected LF or CRLF']],
    [
      '\n\n',
      [
        't.csv:1: expected a column of the truth (label, target, truth, or --label COLUMN): there are no names',
        't.csv:1: expected p_<class> of every class, or predicted: there are no names',
      ],
    ],
    ['label,score\na,1\n', ['t.csv:1: expected p_<class> of every class, or predicted: there are label, score']],
  ])('%j', async (text, faults) => {
    expect(await faultsOf(text)).toEqual(faults)
  })

  it('a label column that is not there, with the nearest', async () => {
    expect(await faultsOf('Class,p_a\na,1\n', 'csv', 'Clas')).toEqual([
      't.csv:1: there is no column Clas, did you mean Class?: there are Class, p_a',
    ])
  })

  it.each([
    ['UTF-16', Buffer.from('\uFEFFlabel,p_a\n', 'utf16le'), /expected UTF-8, got UTF-16/],
    ['Latin-1', Buffer.from('label,p_a,p_b,n\na,1,0,x\na,1,0,Käse\n', 'latin1'), /^t.csv:3: expected UTF-8, got other/],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), /got gzip: unpack it first/],
    ['a zip', Buffer.from('PK\u0003\u0004\0\0\0'), /got binary data/],
    [
      'a character cut in two',
      Buffer.concat([Buffer.from('label,p_a\n'), Buffer.from([0xc3])]),
      /character that does not end/,
    ],
  ])('%s', async (_, bytes, message) => {
    expect((await faultsOf(bytes))[0]).toMatch(message)
  })

  it('what is wrong in the first 20 places, and reads no further', async () => {
    const told = await faultsOf(`${p}${'c,1,0\n'.repeat(1_000)}`)
    expect(told).toHaveLength(20)
    expect(told[19]).toContain('t.csv:21: ')
  })

  it('a file that is not there, and one of another kind', async () => {
    await expect(readPredictions({ path: '/no/such.csv', label: null })).rejects.toThrow(
      '/no/such.csv cannot be read: there is no such file',
    )
    expect(await faultsOf('x', 'xlsx')).toEqual([
      't.xlsx: expected a file *.csv, *.jsonl, *.ndjson or *.parquet, got ".xlsx"',
    ])
  })
})

describe('a file of JSON objects', () => {
  it('is read as a CSV is', async () => {
    const table = await read(
      '{"label":1,"p_1":0.75,"p_0":0.25,"night":true}\n{"p_1":0,"p_0":1,"label":"0","night":null}\n',
      'jsonl',
    )
    expect(table).toMatchObject({
      classes: ['1', '0'],
      truth: Int32Array.of(0, 1),
      columns: { night: { values: ['true', ''] } },
    })
  })

  it.each([
    ['{"label":"a","predicted":NaN}', 't.jsonl:1: expected a JSON object: JSON has no NaN'],
    ['[1]', 't.jsonl:1: expected a JSON object, got a list'],
    ['{"label":"a","predicted":"a"}\n{"label":"a"}', 't.jsonl:2: predicted: missing, the first line has it'],
    [
      '{"label":"a","predicted":"a"}\n{"label":"a","predicted":"a","x":1}',
      't.jsonl:2: x: expected the columns that the first line has',
    ],
    ['{"label":"a","predicted":["a"]}', 't.jsonl:1: predicted: expected one value, got a list'],
  ])('refuses %s', async (text, message) => {
    expect(await faultsOf(text, 'jsonl')).toContain(message)
  })
})

it('reads every row of cells that is written as RFC 4180 says, however the text is cut into pieces', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é'), maxLength: 6 })
  const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      (rows, end, ends, size) => {
        const text = ['x,y,z', ...rows.map((row) => row.map(quoted).join(','))].join(end) + (ends ? end : '')
        const got: (readonly unknown[])[] = []
        const csv = createCsvRows(
          { header: () => {}, row: (cells) => got.push(cells) },
          createTableFaults((at) => `t:${at}`),
        )
        for (let at = 0; at < text.length; at += size) csv.push(text.slice(at, at + size))
        csv.end()
        expect(got).toEqual(rows)
      },
    ),
  )
})
