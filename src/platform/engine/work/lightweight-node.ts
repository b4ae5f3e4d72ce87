import { type LightweightNode, parseNodeCommand } from '../../../pipelines/authoring/node-launcher.ts'
import type { ContainerExecutor } from '../../../pipelines/execution.ts'

export type { LightweightNode }

/** Recognises a component written in TypeScript by its command; undefined for a container like others. */
export const parseLightweightNode = ({ command }: Pick<ContainerExecutor, 'command'>): LightweightNode | undefined =>
  parseNodeCommand(command)
