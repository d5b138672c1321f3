import Ajv, { type ErrorObject } from 'ajv';
import type { SnapshotValues } from '../core/catalog/snapshotValues';
import { isThresholdName, THRESHOLDS } from '../core/health/thresholds';
import type { FileRole } from '../core/hosts/ir';
import { UNUSED_SUPPRESSION } from '../core/lint/linter';
import type { LintSettings, MigrationTarget, Rule, Severity } from '../core/lint/rule';
import { editDistance } from '../core/text/editDistance';

/** What a configuration file holds; the editor's settings have the same keys under `sargable.`. */
export interface UserSettings {
  readonly rules?: Readonly<Record<string, RuleSetting>>;
  readonly tenant?: { readonly columns?: readonly string[]; readonly globalTables?: readonly string[]; readonly systemPaths?: readonly string[] };
  /** DDL files, migration folders or snapshot folders, relative to the configuration file; discovered when left out. */
  readonly schema?: readonly string[];
  readonly assume?: Readonly<Record<string, number>>;
  readonly smallTableRows?: number;
  readonly largeTableRows?: number;
  readonly exclude?: readonly string[];
  /** File roles that are linted besides the application. */
  readonly include?: readonly FileRole[];
  readonly migrations?: { readonly folder?: string; readonly format?: MigrationTarget['format'] };
  /** Several databases, each with the files that speak to it; what none claims belongs to the workspace's own. */
  readonly databases?: readonly DatabaseBinding[];
  /** What `schema pull` writes of the values in the columns; tokens by default. */
  readonly snapshot?: { readonly values?: SnapshotValues };
  /** `twin` (default): performance findings are checked by an embedded planner. */
  readonly planner?: 'twin' | 'off';
  readonly health?: HealthSettings;
}

/** What `sargable health` measures against. */
export interface HealthSettings {
  /** By the names of `THRESHOLDS`. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /** Connections of all pools of the application together, and what they may open beyond. */
  readonly poolSize?: number;
  readonly maxOverflow?: number;
  /** Of the server's machine. */
  readonly memoryMegabytes?: number;
}

/** What an editor's settings say of it: a null stands for what is not set, and names that are no limits are left out. */
export function pickHealth(raw: { readonly [key in keyof HealthSettings]: HealthSettings[key] | null } | null | undefined): HealthSettings {
  const number = <K extends 'poolSize' | 'maxOverflow' | 'memoryMegabytes'>(key: K): Pick<HealthSettings, K> => (typeof raw?.[key] === 'number' ? { [key]: raw[key] } as Pick<HealthSettings, K> : {} as Pick<HealthSettings, K>);
  const thresholds = Object.fromEntries(Object.entries(raw?.thresholds ?? {}).filter(([name, value]) => isThresholdName(name) && typeof value === 'number'));
  return { thresholds, ...number('poolSize'), ...number('maxOverflow'), ...number('memoryMegabytes') };
}

/** A database of the workspace. Holds no host and no secret: a connection of the same name brings those. */
export interface DatabaseBinding {
  readonly name: string;
  /** In `.gitignore` syntax. */
  readonly paths: readonly string[];
  /** As `UserSettings.schema`; discovered among `paths` when left out. */
  readonly schema?: readonly string[];
}

export type RuleSetting = Severity | 'off' | ({ readonly severity?: Severity | 'off' } & Readonly<Record<string, unknown>>);

const SEVERITIES = ['error', 'warning', 'info', 'hint', 'off'] as const;
const ROLES: readonly FileRole[] = ['test', 'migration', 'seed', 'script', 'generated', 'vendored'];
const VALUES: readonly SnapshotValues[] = ['token', 'none', 'all'];
const PLANNERS = ['twin', 'off'] as const;
const FORMATS: readonly MigrationTarget['format'][] = ['plain', 'goose', 'dbmate', 'sqlx', 'prisma', 'flyway', 'knex', 'alembic', 'rails', 'laravel'];
const strings = (description: string) => ({ type: 'array', items: { type: 'string' }, description });

/** JSON schema (draft 7) of a configuration file, with every rule and its options. */
export function settingsSchema(rules: readonly Rule[]): Record<string, unknown> {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Sargable configuration',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      rules: {
        type: 'object', additionalProperties: false, description: 'Severity of each rule, or an object with its severity and options.',
        properties: { ...Object.fromEntries(rules.map((rule) => [rule.id, ruleSchema(rule)])), [UNUSED_SUPPRESSION]: { enum: SEVERITIES, description: 'Comments that silence nothing.' } },
      },
      tenant: {
        type: 'object', additionalProperties: false, description: 'How rows are divided among tenants.',
        properties: {
          columns: strings('Columns that name the tenant. Empty: decided by evidence in the catalog.'),
          globalTables: strings('Tables that belong to no tenant although they carry such a column.'),
          systemPaths: strings('Files (globs) of system code, where a missing tenant filter is intended.'),
        },
      },
      schema: strings('DDL files, migration folders or snapshot folders. Discovered when left out.'),
      assume: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 }, description: 'Assumed row counts by table, where no statistics are known.' },
      smallTableRows: { type: 'integer', minimum: 0, default: 1000, description: 'Tables below this many rows are small: not worth a finding.' },
      largeTableRows: { type: 'integer', minimum: 0, default: 10000, description: 'Tables above this many rows are large.' },
      exclude: strings('Files to leave out, in .gitignore syntax. Files that git ignores are left out anyway.'),
      include: { type: 'array', items: { enum: ROLES }, description: 'Kinds of files that are linted besides the application: tests, migrations, seeds, scripts, generated code.' },
      migrations: {
        type: 'object', additionalProperties: false, description: 'Where new migrations are written. Discovered when left out.',
        properties: { folder: { type: 'string' }, format: { enum: FORMATS } },
      },
      snapshot: {
        type: 'object', additionalProperties: false, description: 'The snapshot of a database in the repository (.sargable/).',
        properties: { values: { enum: VALUES, default: 'token', description: 'Values of columns in the statistics: as tokens made with a secret that is not in the repository, none, or all as they are.' } },
      },
      databases: {
        type: 'array', description: 'Several databases, each bound to the files that speak to it. Connections are the editor\'s: they are found by name.',
        items: {
          type: 'object', additionalProperties: false, required: ['name', 'paths'],
          properties: { name: { type: 'string' }, paths: { ...strings('Files (in .gitignore syntax) that speak to this database.'), minItems: 1 }, schema: strings('Its DDL files, migration folders or snapshot. Discovered among the paths when left out.') },
        },
      },
      health: {
        type: 'object', additionalProperties: false, description: 'What `sargable health` measures a database against.',
        properties: {
          thresholds: { type: 'object', additionalProperties: false, description: 'Limits of the checks.', properties: Object.fromEntries(Object.entries(THRESHOLDS).map(([name, limit]) => [name, { type: 'number', minimum: 0, default: limit.default, description: limit.description }])) },
          poolSize: { type: 'integer', minimum: 1, description: 'Connections that the pools of all processes of the application hold together.' },
          maxOverflow: { type: 'integer', minimum: 0, description: 'Connections that they may open beyond.' },
          memoryMegabytes: { type: 'integer', minimum: 1, description: "Memory of the server's machine; known by itself where the server runs on this one." },
        },
      },
      planner: { enum: PLANNERS, default: 'twin', description: 'Check performance findings with an embedded planner (twin), or by the schema alone (off).' },
    },
  };
}

function ruleSchema(rule: Rule): Record<string, unknown> {
  const options = Object.fromEntries(Object.entries(rule.options).map(([name, option]) => [name, {
    ...(option.type === 'string-list' ? { type: 'array', items: { type: 'string' } } : { type: option.type }),
    default: option.default, description: option.description,
  }]));
  return {
    description: rule.summary,
    oneOf: [
      { enum: SEVERITIES },
      { type: 'object', additionalProperties: false, properties: { severity: { enum: SEVERITIES }, ...options } },
    ],
  };
}

export interface SettingsProblem {
  /** Where in the settings: `['rules', 'offset-paginaton']`. */
  readonly path: readonly string[];
  readonly message: string;
}

/** Checks settings of any origin. Valid parts of invalid settings stay usable: see `toLintSettings`. */
export function checkSettings(value: unknown, rules: readonly Rule[]): SettingsProblem[] {
  const validate = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(settingsSchema(rules));
  if (validate(value)) return [];
  const problems = new Map<string, SettingsProblem>();
  for (const error of validate.errors ?? []) {
    const problem = describe(error, rules);
    if (problem && !problems.has(problem.path.join('/'))) problems.set(problem.path.join('/'), problem);
  }
  return [...problems.values()];
}

function describe(error: ErrorObject, rules: readonly Rule[]): SettingsProblem | undefined {
  const path = error.instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const label = path.join('.') || 'the configuration';
  if (error.keyword === 'additionalProperties') {
    const name = String(error.params['additionalProperty']);
    const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
    const near = nearest(name, path[0] === 'rules' && path.length === 1 ? rules.map((r) => r.id) : known);
    const what = path[0] === 'rules' ? (path.length === 1 ? 'unknown rule' : `rule '${path[1]}' has no option`) : 'unknown setting';
    return { path: [...path, name], message: `${what} '${name}'${near ? `; did you mean '${near}'?` : ''}` };
  }
  if (error.keyword === 'oneOf') {
    if (typeof error.data === 'object' && error.data !== null) return undefined;
    return { path, message: `${label} must be one of ${SEVERITIES.join(', ')}, or an object with the rule's options; it is ${JSON.stringify(error.data)}` };
  }
  if (error.keyword === 'enum') {
    if (path[0] === 'rules' && path.length === 2) return undefined;
    return { path, message: `${label} must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}; it is ${JSON.stringify(error.data)}` };
  }
  if (path[0] === 'rules' && path.length === 2) return undefined;
  return { path, message: `${label} ${error.message ?? 'is invalid'}; it is ${JSON.stringify(error.data)?.slice(0, 60)}` };
}

/** The candidate nearest to a misspelt name, at most a third of its letters away. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= Math.max(2, name.length / 3) && (!best || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** Settings of several origins in one; later ones win, rule by rule. */
export function mergeSettings(...layers: readonly UserSettings[]): UserSettings {
  return layers.reduce<UserSettings>((merged, layer) => ({
    ...merged,
    ...Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined && value !== null)),
    rules: { ...merged.rules, ...layer.rules },
    assume: { ...merged.assume, ...layer.assume },
    tenant: { ...merged.tenant, ...layer.tenant },
    ...(merged.health ?? layer.health ? { health: { ...merged.health, ...layer.health, thresholds: { ...merged.health?.thresholds, ...layer.health?.thresholds } } } : {}),
  }), {});
}

/** The linter's settings. Parts that are invalid or name unknown rules are left out, never guessed. */
export function toLintSettings(settings: UserSettings, defaults: LintSettings, migrations: MigrationTarget | undefined): LintSettings {
  const rules: Record<string, LintSettings['rules'][string]> = {};
  for (const [id, value] of Object.entries(settings.rules ?? {})) {
    if (typeof value === 'string' && (SEVERITIES as readonly string[]).includes(value)) rules[id] = { severity: value };
    if (typeof value !== 'object' || value === null) continue;
    const { severity, ...options } = value;
    rules[id] = { severity, options };
  }
  const whole = (value: unknown, otherwise: number): number => (typeof value === 'number' && value >= 0 ? value : otherwise);
  const list = (value: unknown, otherwise: readonly string[]): readonly string[] => (Array.isArray(value) ? value.filter((v) => typeof v === 'string') : otherwise);
  return {
    ...defaults,
    rules: { ...defaults.rules, ...rules },
    smallTableRows: whole(settings.smallTableRows, defaults.smallTableRows),
    largeTableRows: whole(settings.largeTableRows, defaults.largeTableRows),
    assume: { ...defaults.assume, ...settings.assume },
    tenant: {
      columns: list(settings.tenant?.columns, defaults.tenant.columns),
      globalTables: list(settings.tenant?.globalTables, defaults.tenant.globalTables),
      systemPaths: list(settings.tenant?.systemPaths, defaults.tenant.systemPaths),
    },
    includeRoles: [...new Set<FileRole>([...defaults.includeRoles, ...((settings.include ?? []).filter((r) => ROLES.includes(r)))])],
    migrations,
  };
}
