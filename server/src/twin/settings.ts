import { quoteLiteral } from '../core/sql/names';

/** As a server comes without configuration; the embedded one has others (no workers). */
const defaults: Readonly<Record<string, string>> = {
  max_parallel_workers_per_gather: '2', max_parallel_workers: '8', effective_cache_size: '4GB', work_mem: '4MB', random_page_cost: '4', seq_page_cost: '1', jit: 'off',
};
/** What the planner reads, and nothing that lets a statement do more. */
const planner = /^(?:enable_\w+|\w+_cost|\w+_fraction|\w+_threshold|\w+_collapse_limit|geqo\w*|min_parallel_\w+_scan_size|max_parallel_workers\w*|effective_cache_size|effective_io_concurrency|work_mem|hash_mem_multiplier|maintenance_work_mem|default_statistics_target|constraint_exclusion|parallel_leader_participation|plan_cache_mode|from_collapse_limit|cpu_\w+|temp_buffers|debug_parallel_query|recursive_worktable_factor|max_parallel_maintenance_workers)$/;

/** May this setting be taken over? */
export const isPlannerSetting = (name: string): boolean => planner.test(name);

/** What the planner learnt with a version and has a switch for: switched off for the servers before it. */
const learnt: readonly (readonly [since: number, settings: Readonly<Record<string, string>>])[] = [
  [130000, { enable_incremental_sort: 'off', hash_mem_multiplier: '1' }], [140000, { enable_memoize: 'off' }], [160000, { enable_presorted_aggregate: 'off' }],
  [170000, { enable_group_by_reordering: 'off' }], [180000, { enable_distinct_reordering: 'off', enable_self_join_elimination: 'off' }],
];
const asBefore = (version: number): Readonly<Record<string, string>> => Object.assign({}, ...learnt.map(([since, settings]) => (version < since ? settings : {})));

/**
 * SET of the planner's settings of a server; where it does not say, PostgreSQL's defaults. JIT is an execution matter.
 * @param version `server_version_num`; undefined where no server is known
 */
export const renderSettings = (settings: Readonly<Record<string, string>>, version?: number): readonly string[] =>
  Object.entries({ ...defaults, ...asBefore(version ?? 180000), ...settings, jit: 'off' }).flatMap(([name, value]) => (isPlannerSetting(name) || name === 'jit' ? [`set ${name} = ${quoteLiteral(value)}`] : []));

/** SET LOCAL for one plan; other settings are left out. */
export const renderLocalSettings = (settings: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(settings).flatMap(([name, value]) => (isPlannerSetting(name) ? [`set local ${name} = ${quoteLiteral(value)}`] : []));
