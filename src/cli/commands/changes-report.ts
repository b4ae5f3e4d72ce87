import type { Sums } from '../../domain/ledger.ts'
import { formatTime } from '../../domain/time.ts'
import type { Reconciliation } from '../../ledger/reconcile-ledger.ts'
import { type ClientOptions, connect } from '../client.ts'
import { exitCodes } from '../report-failure.ts'
import { paint } from '../style.ts'
import { print, printJson, table } from '../table.ts'
import { timeOf } from '../time-option.ts'

interface Options extends ClientOptions {
  readonly since?: string
  readonly json?: boolean
}

/** `winnow changes report`: what was acknowledged against what became of it. Exit 1 where the sides differ. */
export const changesReport = async (options: Options): Promise<void> => {
  const client = await connect(options)
  const since = options.since === undefined ? '' : `?since=${timeOf('--since', options.since, Date.now())}`
  const report = await client.get<Reconciliation>(`/changes/report${since}`)
  if (!report.matches) process.exitCode = exitCodes.failed
  if (options.json) return printJson(report)
  for (const line of describeReport(report)) print(line)
}

const describeReport = ({
  since,
  matches,
  senders,
  acknowledged,
  outcomes,
  refused,
  parked,
  faults,
}: Reconciliation) => {
  const names = Object.keys(outcomes)
  const row = (name: string, told: number, sums: Sums) => [
    name,
    String(told),
    ...names.map((outcome) => String(sums[outcome] ?? 0)),
    String(Object.values(sums).reduce((all, count) => all + count, 0)),
  ]
  return [
    ...(since === null ? [] : [`changes received since ${formatTime(since)}`]),
    table(
      ['sender', 'acknowledged', ...names, 'accounted for'],
      [
        ...senders.map((one) => row(one.sender, one.acknowledged, one.outcomes)),
        ...(senders.length === 1 ? [] : [row('all', acknowledged, outcomes)]),
      ],
    ),
    ...refused.map(({ sender, reason, count }) => `refused: ${count} from ${sender || 'nobody known'}: ${reason}`),
    ...parked.map(({ kind, id, message }) => `waits for somebody: ${kind} ${id}: ${message}`),
    '',
    ...faults.map((fault) => paint('red', fault)),
    matches ? 'both sides match' : 'the account does not match',
  ]
}
