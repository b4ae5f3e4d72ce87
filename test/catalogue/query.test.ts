import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Fault } from '../../src/domain/errors.ts'
import { createAddresses } from '../../src/platform/addresses.ts'
import { type QueryRequest, query } from '../../src/platform/bigquery/query.ts'
import { textFiles } from '../../src/platform/components/text-files.ts'
import { sharedEnvironments } from '../automl/environments.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

const environments = sharedEnvironments()
let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-query-'))
  await writeFile(join(root, 'fruit.csv'), 'id,kind,weight\n1,apple,150.5\n2,pear,\n3,"plum, blue",60\n')
  await writeFile(join(root, 'seen.jsonl'), '{"id": 1, "tags": ["a", "b"]}\n{"id": 3, "tags": []}\n')
  await writeFile(join(root, 'taken.csv'), 'x\n1\n')
})
afterAll(() => rm(root, { recursive: true, force: true }))

let count = 0
const run = async (text: string, more: Partial<QueryRequest> = {}) => {
  count += 1
  const map = {
    'bq://orchard.harvest.fruit': 'fruit.csv',
    'bq://orchard.harvest.seen': 'seen.jsonl',
    'bq://orchard.harvest.taken': 'taken.csv',
    'bq://orchard.harvest.gone': 'gone.csv',
    'bq://orchard.harvest.packed': 'packed.parquet',
  }
  const addresses = createAddresses({ map, root, tables: join(root, 'tables') })
  const folder = join(root, `task-${count}`)
  await mkdir(folder)
  const request: QueryRequest = {
    query: text,
    parameters: [],
    destination: `orchard.answers.a${count}`,
    writeDisposition: 'WRITE_EMPTY',
    project: 'orchard',
    ...more,
  }
  const written = await query(
    request,
    addresses,
    { environments, folder, log: () => undefined },
    new AbortController().signal,
  )
  return { written, text: await readFile(written.at(-1)?.file ?? '', 'utf8') }
}

describe('query', () => {
  it('reads CSV and JSON Lines, with the project and the dataset left out, and BigQuery’s own words', async () => {
    const { text, written } = await run(
      `-- ML.PREDICT( is only said here
       WITH heavy AS (SELECT * EXCEPT(kind), UPPER(kind) AS name FROM fruit)
       SELECT id, name, SAFE_CAST(weight AS INT64) AS weight, IF(id > 1, 'later', 'ML.PREDICT(') AS turn, tags, CAST('7' AS INT64) AS seven
       FROM heavy JOIN \`harvest.seen\` USING (id) ORDER BY id`,
      { dataset: 'orchard.harvest' },
    )
    expect(text).toBe(
      'id,name,weight,turn,tags,seven\n1,APPLE,151,ML.PREDICT(,"[""a"",""b""]",7\n3,"PLUM, BLUE",60,later,[],7\n',
    )
    expect(written[0]).toMatchObject({ table: 'orchard.answers.a1', rows: 2 })
  })

  it('has BigQuery’s fingerprints, whose numbers its documentation gives', async () => {
    const { text } = await run("SELECT FARM_FINGERPRINT('1footrue') AS a, FARM_FINGERPRINT('2applefalse') AS b")
    expect(text).toBe('a,b\n-1541654101129638711,2794438866806483259\n')
  })

  it('takes named parameters with their types', async () => {
    const { text } = await run('SELECT kind FROM harvest.fruit WHERE id = @id AND kind != @kind', {
      parameters: [
        { name: 'id', parameterType: { type: 'INT64' }, parameterValue: { value: '2' } },
        { name: 'kind', parameterType: { type: 'STRING' }, parameterValue: { value: "a'b" } },
      ],
    })
    expect(text).toBe('kind\npear\n')
  })

  it('runs statements one after another, each over what the ones before made, and Parquet comes and goes', async () => {
    const { written, text } = await run(
      `CREATE OR REPLACE TABLE harvest.packed AS SELECT id * 2 AS twice FROM harvest.fruit;
       CREATE TABLE harvest.sums AS SELECT SUM(twice) AS total FROM \`orchard.harvest.packed\`;
       SELECT total + 1 AS more FROM harvest.sums`,
    )
    expect(written.map(({ table, rows }) => [table, rows])).toEqual([
      ['orchard.harvest.packed', 3],
      ['orchard.harvest.sums', 1],
      [`orchard.answers.a${count}`, 1],
    ])
    expect(text).toBe('more\n13\n')
    expect((await run('SELECT MAX(twice) AS m FROM harvest.packed')).text).toBe('m\n6\n')
  })

  it('gives Parquet as text to what reads texts alone', async () => {
    await run("CREATE OR REPLACE TABLE harvest.packed AS SELECT 1.5 AS weight, 'a,b' AS kind")
    const folder = await mkdtemp(join(root, 'texts-'))
    const call = { folder, log: () => undefined }
    const given = [join(root, 'fruit.csv'), join(root, 'packed.parquet')]
    const files = await textFiles(given, call, environments, new AbortController().signal)
    expect(files[0]).toBe(given[0])
    expect(await readFile(files[1] ?? '', 'utf8')).toBe('weight,kind\n1.5,"a,b"\n')
  })

  it('appends and replaces', async () => {
    const destination = 'orchard.answers.kept'
    await run('SELECT 1 AS n', { destination })
    expect((await run('SELECT 2 AS n', { destination, writeDisposition: 'WRITE_APPEND' })).text).toBe('n\n1\n2\n')
    expect((await run('SELECT 3 AS n', { destination, writeDisposition: 'WRITE_TRUNCATE' })).text).toBe('n\n3\n')
  })

  it.each<[string, string, RegExp, Partial<QueryRequest>?]>([
    ['no SQL', 'SELECT FROM WHERE', /not BigQuery SQL: line 1/],
    ['nothing', '  ', /empty/],
    ['a table that is mapped to nothing', 'SELECT * FROM p.d.t', /p\.d\.t leads nowhere/],
    ['a table without its file', 'SELECT * FROM harvest.gone', /gone\.csv, which cannot be read/],
    ['a table without a dataset', 'SELECT * FROM fruit', /fruit has no dataset/],
    ['a column that is not there', 'SELECT size FROM harvest.fruit', /query failed.*"?size"?/],
    ['a model', 'SELECT * FROM ML.PREDICT(MODEL d.m, TABLE d.t)', /ML\.PREDICT is not carried out/],
    [
      'the making of a model',
      "CREATE MODEL d.m OPTIONS(model_type='x') AS SELECT 1",
      /CREATE MODEL is not carried out/,
    ],
    ['a file that is no table', "SELECT * FROM read_csv('/etc/passwd')", /Permission Error|disabled/],
    ['a deletion', 'DELETE FROM harvest.fruit WHERE id = 1', /DELETE is not carried out/],
    ['an unknown parameter', 'SELECT @x', /@x, which is no parameter/],
    [
      'a destination that exists',
      'SELECT 1 AS x',
      /orchard\.harvest\.taken exists already/,
      { destination: 'orchard.harvest.taken' },
    ],
  ])('says what is wrong: %s', async (_, text, message, more = {}) => {
    const fault = (await run(text, more).catch((error: unknown) => error)) as Fault
    expect(fault.message).toMatch(message)
    expect(fault.code).toBe('query_failed')
    expect(fault.message).not.toContain('\n')
  })

  it('writes nothing where a later statement fails', async () => {
    await expect(run('CREATE TABLE harvest.half AS SELECT 1 AS x; SELECT y FROM harvest.half')).rejects.toThrow(/y/)
    await expect(run('SELECT * FROM harvest.half')).rejects.toThrow(/leads nowhere/)
  })
})
