import { defineConfig } from 'vitest/config'

// Tests start real processes (git, Python, PostgreSQL) on machines with two cores: time-outs are generous and
// say only "this hangs", never "this is slow".
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'soak/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.winnow/test-results.json' },
  },
})
