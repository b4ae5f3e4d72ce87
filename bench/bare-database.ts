import { PGlite } from '@electric-sql/pglite'

// The peer of memory: what Node costs with nothing but an empty embedded database in the folder of the first argument.
const db = await PGlite.create({ dataDir: process.argv[2] as string })
console.log((await db.query<{ version: string }>('select version()')).rows[0]?.version)
setInterval(() => db.query('select 1'), 5_000)
