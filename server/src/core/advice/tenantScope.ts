import type { Catalog } from '../catalog/model';
import { findTenantEvidence } from '../catalog/tenancy';
import type { RuleContext } from '../lint/rule';
import type { QuerySite } from '../hosts/ir';
import type { Scope } from './scope';
import { collectTenantOccurrences, isTenantScoped, type TenantColumnOf } from './tenantEvidence';
import type { GuardContext } from './tenantGuards';
import { tenantColumns } from './tenantViews';

/** Code that works for all tenants by nature: sweeps, jobs, admin panels, webhooks of providers. */
const SYSTEM_PATH = /(^|[/_.-])(cron|crons|jobs?|admin|back-?office|back_office|webhooks?|scripts?|migrations?|seeds?|telemetry|maintenance|cleanup|sweeps?|schedulers?|backfills?|dev[-_]?tools?)([/_.-]|$)/i;

export interface TenantColumns {
  readonly columnOf: TenantColumnOf;
  readonly because: string;
  /** Named by the settings, not told by the catalog alone. */
  readonly confirmed: boolean;
  /** Most tables carry the column, not a few with a foreign key. */
  readonly usual: boolean;
}

/** How the catalog or the settings say which column holds a table's tenant; undefined: nothing says so, and the rules are silent. */
export function findTenantColumns({ catalog, settings, sql }: Pick<RuleContext, 'catalog' | 'settings' | 'sql'>): TenantColumns | undefined {
  if (!catalog) return undefined;
  const evidence = findTenantEvidence(catalog);
  if (settings.tenant.columns.length === 0 && !evidence) return undefined;
  const because = settings.tenant.columns.length > 0 || !evidence
    ? `The settings name ${settings.tenant.columns.join(', ')} as the tenant column`
    : `${evidence.carriers} of ${evidence.tables} tables ${evidence.source === 'distribution' ? 'are distributed by' : 'carry'} ${evidence.column}`;
  return { columnOf: tenantColumns(catalog, settings.tenant, sql), because, confirmed: settings.tenant.columns.length > 0, usual: evidence !== undefined && evidence.source !== 'foreign-keys' };
}

/** What a search for guards asks of other statements and documents. */
export function guardQuestions({ catalog, settings, sql }: Pick<RuleContext, 'settings' | 'sql'> & { readonly catalog: Catalog }, columnOf: TenantColumnOf): Pick<GuardContext, 'isScoped' | 'isTenants' | 'isSystem'> {
  const scopeOf = (other: QuerySite): Scope | undefined => other.source && { model: sql.analyse(other.source), catalog };
  return {
    isScoped: (other) => {
      const scope = scopeOf(other);
      return scope !== undefined && isTenantScoped(scope, columnOf, other.eager.length > 0);
    },
    isTenants: (other) => {
      const scope = scopeOf(other);
      return scope !== undefined && (scope.model.kind === 'insert' || collectTenantOccurrences(scope, columnOf).length > 0);
    },
    isSystem: (uri) => isSystemPath(uri, settings.tenant.systemPaths),
  };
}

/** Is this document system code, by the settings' globs or by its path? */
export function isSystemPath(uri: string, globs: readonly string[]): boolean {
  const path = uri.replace(/^file:\/\/+/, '/').replace(/\/[^/]*\.\w+$/, (name) => name.replace(/\.\w+$/, ''));
  return SYSTEM_PATH.test(path.split('/').slice(-4).join('/')) || globs.some((glob) => globToRegExp(glob).test(uri.replace(/^file:\/\/+/, '')));
}

/** `**` any folders, `*` within a name, `?` one character; a glob without a leading slash may begin at any folder. */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*\*\/|\*\*|\*|\?/g, (part) => (part === '**/' ? '(?:.*/)?' : part === '**' ? '.*' : part === '*' ? '[^/]*' : '[^/]'));
  return new RegExp(`(^|/)${source.replace(/^\//, '')}$`);
}
