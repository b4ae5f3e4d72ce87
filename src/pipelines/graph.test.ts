import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawGraph } from './draw-graph.ts'
import { allTasks, pipelineGraph } from './graph.ts'
import { originText } from './graph-origins.ts'
import { mermaid } from './mermaid.ts'
import { parsePipeline } from './parse-pipeline.ts'
import { railPlan } from './rails.ts'

const fixture = (name: string) => {
  const file = new URL(`../../test/pipelines/fixtures/${name}`, import.meta.url)
  return pipelineGraph(parsePipeline(readFileSync(file, 'utf8'), name).spec)
}
const drawn = (name: string, width = 80): string =>
  drawGraph(fixture(name), width)
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n')
const task = (name: string, path: string) => {
  const found = allTasks(fixture(name).tasks).find((candidate) => candidate.path === path)
  if (found === undefined) throw new Error(`no task ${path}`)
  return found
}

describe('the graph', () => {
  it('follows values out of the groups that hand them on', () => {
    const deploy = task('beans.yaml', 'condition-1/model-deploy')
    expect(
      Object.fromEntries(deploy.inputs.map(({ name, from }) => [name, from.map((o) => originText(o)).join()])),
    ).toMatchObject({ endpoint: 'endpoint-create.endpoint', model: 'automl-tabular-training-job.model' })
    expect(task('beans.yaml', 'condition-1')).toMatchObject({
      group: 'condition',
      condition: "evaluate == 'true'",
      needs: ['automl-tabular-training-job', 'evaluate'],
      layer: 3,
    })
  })

  it('names loops, their lists and what their tasks take of an item', () => {
    expect(task('loops.yaml', 'for-loop-2').loop).toEqual({ over: '[1, 5, 7]', items: 'parameters', parallelism: 2 })
    expect(task('loops.yaml', 'for-loop-9').loop).toMatchObject({ over: 'table' })
    expect(task('loops.yaml', 'for-loop-9/condition-10').condition).toBe('int(item.a) == 1')
    const artifacts = allTasks(fixture('loop-artifacts.yaml').tasks).filter(({ loop }) => loop?.items === 'artifacts')
    expect(artifacts).toHaveLength(1)
  })

  it('names every branch that a value may come from', () => {
    const [input] = task('branches.yaml', 'say-4').inputs
    expect(input?.from.map((origin) => originText(origin))).toEqual(['say', 'say-2', 'say-3'])
  })

  it('reads schema 2.0.0', () => {
    const graph = fixture('tfx-job.json')
    expect(graph.inputs.map(({ name, type, default: value }) => [name, type, value])).toEqual([
      ['steps', 'INT', null],
      ['rate', 'DOUBLE', null],
      ['note', 'STRING', 'plain'],
    ])
    expect(task('tfx-job.json', 'Pusher').condition).toBe("(Evaluator.blessing.metadata['blessed'] == 1.0)")
    expect(task('tfx-job.json', 'Latest').kind).toBe('resolver')
  })
})

describe('the drawing', () => {
  it('shows order, flow and groups', () => {
    expect(drawn('beans.yaml').split('\n').slice(5, 16).join('\n')).toBe(
      `● tabular-dataset-create  …/google-cloud-pipeline-components:2.22.0
│   ◇ gcs_source, project
● automl-tabular-training-job  …/google-cloud-pipeline-components:2.22.0
│   ◆ dataset ← tabular-dataset-create.dataset
│   ◇ project
├─● evaluate  evaluate()  python:3.11
│ │   ◆ model ← automl-tabular-training-job.model
│ │   ◇ thresholds
●─╯ if evaluate == 'true'  condition-1
  ┆ ● endpoint-create  …/google-cloud-pipeline-components:2.22.0
  ┆ │   ◇ project`,
    )
    expect(drawn('loops.yaml')).toContain('for each item of numbers')
  })

  it.each([
    'beans',
    'loops',
    'branches',
    'nested',
    'one-of-artifact',
    'artifacts',
    'containers',
    'importing',
    'ignoring',
  ])('of %s fits into its columns and names every task', (name) => {
    for (const width of [40, 80]) {
      const lines = drawn(`${name}.yaml`, width).split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
      expect(lines.some((line) => line !== line.trimEnd())).toBe(false)
    }
    const text = drawn(`${name}.yaml`, 400)
    for (const { name: own, group } of allTasks(fixture(`${name}.yaml`).tasks))
      if (group === null || group === 'pipeline') expect(text).toContain(`● ${own}  `.slice(2))
  })

  it('draws every edge: each lane begins at a task and ends at the last that waits for it', () => {
    const dags = fc
      .array(fc.array(fc.nat({ max: 30 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
      .map((rows) =>
        rows.map((needs, at) => ({
          name: `t${at}`,
          needs: [...new Set(needs.filter((need) => need < at).map((need) => `t${need}`))],
        })),
      )
    fc.assert(
      fc.property(dags, (dag) => {
        const layers = new Map<string, number>()
        for (const { name, needs } of dag)
          layers.set(name, Math.max(-1, ...needs.map((need) => layers.get(need) ?? 0)) + 1)
        const { nodes, rails } = railPlan(dag.map((node) => ({ ...node, layer: layers.get(node.name) ?? 0 })))
        const place = new Map(nodes.map(({ name }, at) => [name, at]))
        expect(place.size).toBe(dag.length)
        for (const { name, needs } of nodes)
          for (const need of needs) expect(place.get(need)).toBeLessThan(place.get(name) as number)
        if (rails === null) return
        nodes.forEach(({ name }, at) => {
          expect(rails[at]?.row).toContain('●')
          // As many lanes go on below a task as tasks above are still waited for.
          const open = nodes
            .slice(0, at + 1)
            .filter((above) => nodes.slice(at + 1).some(({ needs }) => needs.includes(above.name)))
          expect([...(rails[at]?.below ?? '')].filter((sign) => sign === '│').length, name).toBe(open.length)
        })
      }),
    )
  })
})

describe('Mermaid', () => {
  it('has a node for each task, a subgraph for each group, and edges only between those there are', () => {
    const text = mermaid(fixture('branches.yaml'))
    const graph = allTasks(fixture('branches.yaml').tasks)
    expect(text.match(/subgraph/g)).toHaveLength(graph.filter(({ group }) => group !== null).length)
    expect(text.match(/^ *end$/gm)).toHaveLength(text.match(/subgraph/g)?.length ?? 0)
    expect(text).not.toContain('undefined')
    // What is compared reaches the group that depends on it.
    expect(mermaid(fixture('beans.yaml'))).toMatch(/t5 -\.-> t2/)
    expect(mermaid(fixture('beans.yaml'))).toMatch(/t1 ==>\|"model"\| t4/)
  })
})
