import { mismatchText } from '../policies/test-cases/case-result.ts'
import type { CaseResult } from './run-test-cases.ts'

/** Results of cases as JUnit XML, which most CI servers read: a suite for each file. */
export const junitOf = (results: readonly CaseResult[]): string => {
  const suites = [...Map.groupBy(results, ({ file }) => file)].map(([file, cases]) => {
    const failures = cases.filter(({ mismatches }) => mismatches.length > 0).length
    return [
      `  <testsuite name="${escaped(file)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0">`,
      ...cases.flatMap(caseLines),
      '  </testsuite>',
    ].join('\n')
  })
  const failed = results.filter(({ mismatches }) => mismatches.length > 0).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${results.length}" failures="${failed}" errors="0">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

const caseLines = ({ file, line, name, mismatches }: CaseResult): readonly string[] => {
  const open = `    <testcase name="${escaped(name)}" classname="${escaped(file)}" file="${escaped(file)}" line="${line}"`
  const [first] = mismatches
  if (first === undefined) return [`${open}/>`]
  const { gate, expected, got } = first
  return [
    `${open}>`,
    `      <failure message="${escaped(`${gate ?? 'outcome'}: expected ${expected}, got ${got}`)}">${escaped(mismatches.map(mismatchText).join('\n'))}</failure>`,
    '    </testcase>',
  ]
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML has no place for control characters, not even escaped. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/g, '\ufffd')
    .replace(/[&<>"]/g, (character) => entities[character] as string)
