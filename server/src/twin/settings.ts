import { quoteLiteral } from '../core/sql/names';

/** As a server comes without configuration; the embedded one has others (no workers). */
const defaults: Readonly<Record<string, string>> = {
  max_parallel_workers_per_gather: '2', max_parallel_workers: '8', effective_cache_size: '4GB', work_mem: '4MB', random_page_cost: '4', seq_page_cost: '1', jit: 'off',
};
/** What the planner reads, and nothing that lets a statement do more. */
const planner = /^(?:enable_\w+|\w+_cost|\w+_fraction|\w+_threshold|\w+_collapse_limit|geqo\w*|min_parallel_\w+_scan_size|max_parallel_workers\w*|effective_cache_size|effective_io_concurrency|work_mem|hash_mem_multiplier|maintenance_work_mem|default_statistics_target|constraint_exclusion|parallel_leader_participation|plan_cache_mode|from_collapse_limit|cpu_\w+|temp_buffers|debug_parallel_query|recursive_worktable_factor|max_parallel_maintenance_workers)$/;

/** May this setting be taken over? */
export const isPlannerSetting = (name: string): boolean => planner.test(name);

/** SET of the planner's settings of a server; where it does not say, PostgreSQL's defaults. JIT is an execution matter. */
export const renderSettings = (settings: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries({ ...defaults, ...settings, jit: 'off' }).flatMap(([name, value]) => (isPlannerSetting(name) || name === 'jit' ? [`set ${name} = ${quoteLiteral(value)}`] : []));

/** SET LOCAL for one plan; other settings are left out. */
export const renderLocalSettings = (settings: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(settings).flatMap(([name, value]) => (isPlannerSetting(name) ? [`set local ${name} = ${quoteLiteral(value)}`] : []));
