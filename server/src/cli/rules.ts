import pc from 'picocolors';
import { rules } from '../core/rules/index.generated';
import { renderRulePage } from '../core/rules/page';
import { nearest } from '../workspace/settings';

/** Prints the catalogue or one rule's page; 2 for an unknown id. */
export function runRules(id: string | undefined): number {
  if (id === undefined) {
    const width = Math.max(...rules.map((r) => r.id.length));
    for (const rule of rules) process.stdout.write(`${pc.bold(rule.id.padEnd(width))}  ${rule.severity.padEnd(7)}  ${(rule.fixKinds ?? []).join(', ').padEnd(12)}  ${rule.summary}\n`);
    return 0;
  }
  const rule = rules.find((r) => r.id === id);
  if (!rule) {
    const near = nearest(id, rules.map((r) => r.id));
    process.stderr.write(`sargable: unknown rule '${id}'${near ? `; did you mean '${near}'?` : ''} ('sargable rules' lists them)\n`);
    return 2;
  }
  process.stdout.write(renderRulePage(rule));
  return 0;
}
