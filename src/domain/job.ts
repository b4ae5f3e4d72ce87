import type { Job } from './ports/work.ts'

/** The deterministic job id: the same row at the same version is the same job. BullMQ allows no colon in it. */
export const jobIdOf = ({ step, id, version }: Job): string => `${step}.${id}.${version}`
