import { statusError } from '../status.ts'
import type { Route } from './routes.ts'

const refusing = (method: Route['method'], path: string, why: string, verb?: string): Route => ({
  method,
  path,
  ...(verb === undefined ? {} : { verb }),
  answer: () => {
    throw statusError('UNIMPLEMENTED', `${why} by the embedded platform`)
  },
})

const recurring = 'Recurring runs (let cron or a CI schedule create runs instead) are not implemented'

/** What Kubeflow has and this platform says plainly that it has not. */
export const refusedRoutes: readonly Route[] = [
  refusing('POST', '/recurringruns', recurring),
  refusing('GET', '/recurringruns', recurring),
  refusing('GET', '/recurringruns/:id', recurring),
  refusing('DELETE', '/recurringruns/:id', recurring),
  refusing('POST', '/recurringruns/:id', recurring, 'enable'),
  refusing('POST', '/recurringruns/:id', recurring, 'disable'),
  refusing('GET', '/auth', 'Asking what a user may do is not implemented'),
  refusing('POST', '/visualizations/:namespace', 'Visualizations are not implemented'),
  refusing('POST', '/workflows', 'Reports of Argo workflows are not taken'),
  refusing('POST', '/scheduledworkflows', 'Reports of scheduled workflows are not taken'),
]
