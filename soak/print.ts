import type { Result } from './soak.ts'

const shown = 25

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([what, count]) => `${what} ${count}`)
    .join(' · ') || 'none'

const mebibytes = (value: number): string => `${Math.round(value)} MiB`

/** The account for a person. */
export const describeResult = ({ options, blows, seconds, account, memory, failures, folder }: Result): string => {
  const { sent, acknowledged, refused, again, outcomes, runs, senders, jobs, objects } = account
  const lines = [
    `soak: ${options.changes} sendings, seed ${options.seed}, store ${options.store}`,
    `  befell        ${counts(blows)}`,
    `  sent          ${sent} in ${Math.round(seconds.sending)} s, settled ${Math.round(seconds.settling)} s later`,
    `  acknowledged  ${acknowledged.distinct} happenings, ${acknowledged.duplicates} duplicates, ${acknowledged.nothings} with nothing to record`,
    `  refused       ${counts(refused)}`,
    `  sent again    ${counts(again)}`,
    `  outcomes      ${counts(outcomes)}`,
    `  runs          ${counts(runs)}; ${jobs} jobs on the platform, ${objects} objects of data`,
    ...Object.entries(senders).map(
      ([sender, { sent, distinct, outcomes }]) =>
        `  ${sender.padEnd(22)} sent ${String(sent).padStart(5)} · changes ${String(distinct).padStart(5)} · ${counts(outcomes)}`,
    ),
    ...Object.entries(memory).map(
      ([role, { start, warm, end, most, slope }]) =>
        `  memory of ${role.padEnd(8)} ${mebibytes(start)} at the start, ${mebibytes(warm)} warm, ${mebibytes(end)} at the end, ${mebibytes(most)} at most; ${slope === undefined ? 'too short to tell a slope' : `${slope.toFixed(2)} MiB for each 1,000 changes`}`,
    ),
    ...(failures.length === 0
      ? ['  everything adds up']
      : [
          `  ${failures.length} differences:`,
          ...failures.slice(0, shown).map((line) => `    ${line}`),
          ...(failures.length > shown ? [`    and ${failures.length - shown} more`] : []),
          `  kept: ${folder}`,
        ]),
  ]
  return lines.join('\n')
}
