import { describe, expect, it } from 'vitest';
import { renderSettings } from '../../server/src/twin/settings';

const off = (version: number | undefined, settings = {}): readonly string[] =>
  renderSettings(settings, version).filter((sql) => sql.endsWith("= 'off'") && !sql.includes(' jit ')).map((sql) => /^set (\w+)/.exec(sql)?.[1] ?? sql);

describe('the settings under which the twin plans', () => {
  it('switch off what the server\'s planner has not learnt yet', () => {
    expect(off(180004)).toEqual([]);
    expect(off(undefined)).toEqual([]);
    expect(off(170010)).toEqual(['enable_distinct_reordering', 'enable_self_join_elimination']);
    expect(off(150018)).toEqual(['enable_presorted_aggregate', 'enable_group_by_reordering', 'enable_distinct_reordering', 'enable_self_join_elimination']);
    expect(off(120022)).toEqual(['enable_incremental_sort', 'enable_memoize', 'enable_presorted_aggregate', 'enable_group_by_reordering', 'enable_distinct_reordering', 'enable_self_join_elimination']);
  });
  it('are the server\'s where it says', () => {
    expect(renderSettings({ hash_mem_multiplier: '2', jit: 'on', password_encryption: 'md5' }, 130000)).toEqual(expect.arrayContaining(["set hash_mem_multiplier = '2'", "set jit = 'off'"]));
    expect(renderSettings({ password_encryption: 'md5' }, 120000).join()).not.toContain('password');
    expect(renderSettings({}, 120000)).toContain("set hash_mem_multiplier = '1'");
    expect(off(160000, { enable_seqscan: 'off' })).toContain('enable_seqscan');
  });
});
