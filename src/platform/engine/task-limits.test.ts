import { describe, expect, it } from 'vitest'
import { taskLimits } from './task-limits.ts'

describe('taskLimits', () => {
  it.each([
    [{}, {}],
    [
      { cpuLimit: 0.5, memoryLimit: 4 },
      { cpus: 0.5, memoryBytes: 4e9 },
    ],
    [{ cpuLimit: 0, memoryLimit: 0 }, {}],
    [
      { resourceCpuLimit: '500m', resourceMemoryLimit: '512Mi' },
      { cpus: 0.5, memoryBytes: 512 * 2 ** 20 },
    ],
    [{ resourceCpuLimit: '4', cpuLimit: 1 }, { cpus: 4 }],
    [{ resourceMemoryLimit: '1.5G' }, { memoryBytes: 1.5e9 }],
    [{ resourceMemoryLimit: '1e3' }, { memoryBytes: 1000 }],
    [{ accelerator: { type: 'NVIDIA_TESLA_T4', count: '2' } }, { accelerator: '2 NVIDIA_TESLA_T4' }],
    [{ accelerator: { resourceType: 'nvidia.com/gpu', resourceCount: '1' } }, { accelerator: '1 nvidia.com/gpu' }],
  ])('%j', (resources, limits) => {
    expect(taskLimits(resources)).toEqual(limits)
  })

  it('resolves what a limit is made of', () => {
    expect(taskLimits({ resourceMemoryLimit: '{{memory}}' }, (text) => text.replace('{{memory}}', '2Gi'))).toEqual({
      memoryBytes: 2 ** 31,
    })
  })

  it.each(['lots', '4 GB', '-1G', '0', '4Q'])('refuses the limit %s, and says how to write one', (text) => {
    expect(() => taskLimits({ resourceMemoryLimit: text })).toThrow(`its limit resourceMemoryLimit is "${text}"`)
    expect(() => taskLimits({ resourceMemoryLimit: text })).toThrow(
      expect.objectContaining({ code: 'pipeline_invalid' }),
    )
  })
})
