import type { CleanText } from './clean';
import type { PlanReadError } from './types';

const RUN = 'Run the statement with EXPLAIN (ANALYZE, BUFFERS) and paste what it prints.';

/** Why no plan was found in a text, for the person who pasted it. */
export function explainFailure(text: string, clean: CleanText, json: { readonly line: number; readonly keys: readonly string[]; readonly cutAt?: number } | undefined): PlanReadError {
  const first = clean.numbers[clean.lines.findIndex((line) => line.trim() !== '' && line !== '\u0000')] ?? 0;
  const head = text.trimStart().slice(0, 2000);
  if (head === '') return { message: 'The text is empty.', advice: RUN };
  if (/[\u0000-\u0008\u000e-\u001a\uFFFD]/.test(head)) return { message: 'This is binary data, not a plan.', line: 0, advice: 'Plans are text, JSON, YAML or XML.' };
  if (/<!doctype html|<html\b/i.test(head)) return { message: 'This is a web page, not a plan.', line: first, advice: 'Copy the plan itself from the page.' };
  if (/"query_block"/.test(head)) return { message: 'This is a plan of MySQL; only plans of PostgreSQL are read.', line: first, advice: RUN };
  if (/<ShowPlanXML/i.test(head)) return { message: 'This is a plan of SQL Server; only plans of PostgreSQL are read.', line: first, advice: RUN };
  if (json) {
    if (json.cutAt !== undefined && json.keys.length === 0) return { message: `The JSON breaks off in line ${json.cutAt + 1}, before any node of a plan.`, line: json.cutAt, advice: 'Copy the whole output of EXPLAIN (FORMAT JSON).' };
    return { message: `This JSON is no plan: it has no "Plan"${json.keys.length > 0 ? `, but ${json.keys.map((key) => `"${key}"`).join(', ')}` : ''}.`, line: json.line, advice: 'Paste the output of EXPLAIN (FORMAT JSON).' };
  }
  const error = /^(?:psql:.*)?(?:ERROR|FEHLER|ERREUR|ERRO|ОШИБКА):\s+(.+)$/m.exec(head);
  if (error) return { message: `The server answered with an error, not with a plan: ${error[1]!.slice(0, 200)}`, line: first, advice: 'Mend the statement, then explain it again.' };
  if (/^(?:--.*\n|\s)*(?:select|with|insert|update|delete|merge|explain|create|values)\b/i.test(head)) return { message: 'This is a statement, not its plan.', line: first, advice: RUN };
  if (/^<explain/i.test(head) || /^- Plan:/.test(head) || /^Plan:/m.test(head)) return { message: 'The plan breaks off before its first node.', line: first, advice: 'Copy the whole output of EXPLAIN.' };
  if (/^\s*(?:->\s+)?[A-Z][A-Za-z ]+(?: on \S+)?\s+\([ca]/m.test(head)) return { message: 'The plan breaks off in its first node.', line: first, advice: 'Copy the whole output of EXPLAIN.' };
  const lines = text.trimEnd().split('\n').length;
  return { message: `There is no plan in ${lines === 1 ? 'this line' : `these ${lines.toLocaleString('en')} lines`}.`, line: first, advice: RUN };
}
