import { describe, expect, it } from 'vitest'
import type { RuntimeArtifact } from '../../../pipelines/execution.ts'
import { parseArtifactQuery } from './artifact-query.ts'

const blessing: RuntimeArtifact = {
  name: 'projects/p/locations/l/metadataStores/default/artifacts/12',
  uri: '/runs/1/blessing',
  type: { instanceSchema: 'title: tfx.ModelBlessing\ntype: object\n' },
  metadata: { blessed: 1, current_model_id: 'm 7', note: 'fine and well', deep: { a: 'b' } },
}

describe('a filter of a resolver', () => {
  it.each([
    ['', true],
    ["artifact_type='tfx.ModelBlessing'", true],
    ['schema_title="tfx.ModelBlessing" AND state=LIVE', true],
    ["artifact_type='tfx.Model' and state=LIVE", false],
    ["artifact_type='tfx.ModelBlessing' and state=DELETED", false],
    ["custom_properties['blessed']='1'", true],
    ["properties['blessed'] = '0'", false],
    ['metadata.blessed.number_value=1', true],
    ['metadata.blessed.number_value=1.0', true],
    ["metadata.current_model_id.string_value='m 7'", true],
    ["metadata['deep']['a']='b'", true],
    ["metadata.note='fine and well' and state=LIVE", true],
    ["custom_properties['absent']=''", false],
    ['name=projects/p/locations/l/metadataStores/default/artifacts/12', true],
    ['name= and state=LIVE', false],
    ['name=', false],
    ["uri='/runs/1/blessing'", true],
  ])('%s', (filter, expected) => {
    expect(parseArtifactQuery(filter)(blessing)).toBe(expected)
  })

  it.each(["colour='red'", 'state!=LIVE', "state=LIVE or name='x'", 'metadata=1', "artifact_type='open"])(
    'refuses %s',
    (filter) => {
      expect(() => parseArtifactQuery(filter)).toThrow(expect.objectContaining({ code: 'pipeline_invalid' }))
    },
  )
})
