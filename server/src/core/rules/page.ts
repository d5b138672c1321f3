import { renderCount } from '../advice/size';
import type { Example, Rule } from '../lint/rule';

const FIX_WORDS = {
  safe: 'Safe: the result provably stays the same; applied by fix-all.',
  review: 'To review: results, order or interface may change; offered one by one.',
  new: 'New: writes a new statement or migration file.',
} as const;

/** A rule's documentation as Markdown: the page that every diagnostic links to, and what `sargable rules ID` prints. */
export function renderRulePage(rule: Rule): string {
  const options = Object.entries(rule.options);
  return [
    `# ${rule.id}`,
    rule.summary,
    `Severity: **${rule.severity}** · Needs: **${rule.needs}** · Fix: **${rule.fixKinds?.join(', ') ?? 'advice only'}**`,
    '## Why', rule.docs.why,
    '## Bad', ...rule.docs.bad.map(renderExample),
    '## Good', ...rule.docs.good.map(renderExample),
    '## When not to fix it', rule.docs.whenNot,
    ...(rule.fixKinds ? ['## Fix', [...rule.fixKinds.map((kind) => FIX_WORDS[kind]), rule.docs.fixSafety].filter(Boolean).join(' ')] : []),
    ...(options.length > 0 ? ['## Options', ['| Option | Default | |', '| --- | --- | --- |', ...options.map(([name, o]) => `| \`${name}\` | \`${JSON.stringify(o.default)}\` | ${o.description} |`)].join('\n')] : []),
    '## Turn it off',
    `For one line: \`-- sargable-disable-next-line ${rule.id}: reason\` (\`//\` or \`#\` in code). For the workspace: \`"rules": { "${rule.id}": "off" }\` in \`sargable.config.json\`.`,
  ].join('\n\n') + '\n';
}

function renderExample(example: Example): string {
  const rows = Object.entries(example.assume ?? {}).map(([table, count]) => `${renderCount(count)} rows in \`${table}\``);
  const schema = example.schema ? `With the schema${rows.length > 0 ? ` (${rows.join(', ')})` : ''}\n\n\`\`\`sql\n${example.schema.trim()}\n\`\`\`\n\n` : '';
  return `${schema}\`\`\`${example.language}\n${example.code.trim()}\n\`\`\``;
}
