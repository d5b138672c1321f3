import type { ChainArgument } from '../../hosts/ir';
import type { FlowContext, Fix } from '../../lint/rule';
import { hostSpan, spanText, type HostSpan } from '../../text/span';
import { wholeLines } from './code';
import { collect, dependsOnTurn, isArray, isPlainValue, type PlainLoop } from './shape';

/**
 * One insert of all rows in the builder's own idiom: knex `.insert([…])`, Prisma `createMany({ data: […] })`.
 * Undefined unless the row is an object literal of plain values and nothing is asked back.
 */
export function builderInsertFix(context: FlowContext, plain: PlainLoop): Fix | undefined {
  const row = plain.site.library === 'knex' ? knexRow(plain) : plain.site.library === 'prisma' ? prismaRow(context, plain) : undefined;
  if (!row || !isPlainRow(context, plain, row)) return undefined;
  const { site } = plain;
  const text = spanText(context.text, row).trim();
  const list = collect(plain, text === plain.element ? text : `(${text})`);
  const head = context.text.slice(site.span.start, row.start);
  const call = `${site.library === 'prisma' ? head.replace(/\.create(\s*\()/, '.createMany$1') : head}${list}${context.text.slice(row.end, site.span.end)}`;
  const lines = wholeLines(context.text, plain.loop.span);
  if (!lines) return undefined;
  // knex throws at an empty list; Prisma inserts nothing.
  const guard = site.library === 'knex' ? `if (${plain.iterable}.length > 0) ` : '';
  if (guard !== '' && !isArray(plain)) return undefined;
  const edit = { uri: context.file.uri, span: hostSpan(lines.start, lines.end), text: `${guard}await ${call};` };
  return { title: 'Insert all rows with one statement', kind: 'review', edits: [edit] };
}

/** The object of `.insert({ … })`, where the chain does nothing else that depends on the rows. */
function knexRow(plain: PlainLoop): HostSpan | undefined {
  const { chain } = plain.site;
  const insert = chain.find((call) => call.name === 'insert');
  const others = chain.filter((call) => call !== insert && !/^(into|table|from|transacting|withSchema)$/.test(call.name) && chain.indexOf(call) > 0);
  return insert?.args.length === 1 && others.length === 0 ? insert.args[0]?.span : undefined;
}

function prismaRow(context: FlowContext, plain: PlainLoop): HostSpan | undefined {
  const { chain, anchor } = plain.site;
  if (!/\.create$/.test(spanText(context.text, anchor)) || chain.some((call) => call.name !== 'data' && call.name !== 'create')) return undefined;
  const data: ChainArgument | undefined = chain.find((call) => call.name === 'data')?.args[0] ?? chain.flatMap((call) => call.args.flatMap((a) => a.items ?? [])).find((item) => item.name === 'data');
  if (!data) return undefined;
  // An item with a key spans the whole `data: { … }`.
  const open = context.text.indexOf('{', data.span.start);
  return open >= 0 && open < data.span.end ? hostSpan(open, data.span.end) : undefined;
}

/** `{ a: x.a, b: 1, c }`: one level, each value plain or the same in every turn, no spread and no call. */
function isPlainRow(context: FlowContext, plain: PlainLoop, row: HostSpan): boolean {
  const text = spanText(context.text, row).trim();
  if (text === plain.element) return true;
  return /^\{[^{}()]*\}$/.test(text) && !text.includes('...') && !/[`]/.test(text) && plain.site.binds.every((bind) => !dependsOnTurn(plain, bind) || isPlainValue(plain, bind));
}
