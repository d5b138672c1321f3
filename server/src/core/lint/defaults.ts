import type { LintSettings, Rule, Severity } from './rule';

/** Settings of a workspace that configures nothing. */
export const defaultSettings: LintSettings = {
  rules: {},
  smallTableRows: 1_000,
  largeTableRows: 10_000,
  assume: {},
  tenant: { columns: [], globalTables: [], systemPaths: [] },
  includeRoles: ['application', 'script', 'migration'],
};

/** Roles that a rule without `roles` looks at. */
const DEFAULT_ROLES: readonly LintSettings['includeRoles'][number][] = ['application', 'script'];

/** Does the rule run on files of this role? A rule that is configured `off` never does. */
export function isRuleActive(rule: Rule, role: LintSettings['includeRoles'][number], settings: LintSettings): boolean {
  if (settings.rules[rule.id]?.severity === 'off') return false;
  if (role !== 'application' && !settings.includeRoles.includes(role)) return false;
  const roles = rule.roles ?? DEFAULT_ROLES;
  return roles.includes(role) || (role !== 'migration' && role !== 'script' && role !== 'application' && settings.includeRoles.includes(role));
}

/**
 * The severity a finding is shown with: the rule's default, lowered or raised by the finding, overridden by configuration.
 * Scripts run off the application's path: without configuration nothing there is more than `info`, errors apart.
 */
export function resolveSeverity(rule: Rule, drafted: Severity | undefined, role: LintSettings['includeRoles'][number], settings: LintSettings): Severity {
  const configured = settings.rules[rule.id]?.severity;
  if (configured !== undefined && configured !== 'off') return configured;
  const severity = drafted ?? rule.severity;
  return role === 'script' && severity === 'warning' ? 'info' : severity;
}

/** Value of an option: configured, else the rule's default. Values of another type than the default are ignored. */
export function resolveOption(rule: Rule, name: string, settings: LintSettings): unknown {
  const fallback = rule.options[name]?.default;
  const configured = settings.rules[rule.id]?.options?.[name];
  if (configured === undefined) return fallback;
  const same = Array.isArray(fallback) ? Array.isArray(configured) : typeof configured === typeof fallback;
  return same ? configured : fallback;
}
