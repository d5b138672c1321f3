import { sqlSpan } from '../text/span';
import { clauseSpans, findBlocks, type BlockRange, type ClauseRange } from './clauses';
import { nameOf } from './names';
import type { Expression, Output, QueryBlock, Relation, RowCount, StatementKind } from './model';
import type { TokenRanges} from './tokenRanges';
import { type TokenRange } from './tokenRanges';

const ddlWords = /^(?:create|alter|drop|comment|grant|revoke|refresh|reindex|security|import)$/;

/** Kind of a statement by its first words. */
export function kindByTokens(ranges: TokenRanges): StatementKind {
  let first = ranges.tokens.findIndex((token) => token.word !== '(');
  if (first < 0) return 'unknown';
  if (ranges.word(first) === 'with') {
    const main = ranges.findTop({ from: first + 1, to: ranges.tokens.length }, (word, i) => /^(?:select|insert|update|delete|merge|values)$/.test(word) && ranges.tokens[i]?.kind === 'word');
    if (main === undefined) return 'select';
    first = main;
  }
  const word = ranges.word(first);
  if (word === 'select' || word === 'values' || word === 'table') return 'select';
  if (word === 'insert' || word === 'update' || word === 'delete' || word === 'merge') return word;
  if (ddlWords.test(word)) return 'ddl';
  return ranges.tokens[first]?.kind === 'word' ? 'utility' : 'unknown';
}

/** What the tokens alone tell of a statement that no engine could parse: tables, clauses, star, limit, offset. */
export function blocksByTokens(ranges: TokenRanges): QueryBlock[] {
  const found = findBlocks(ranges.tokens);
  return found.map((block, index) => {
    const clause = (name: ClauseRange['name']): ClauseRange | undefined => block.clauses.find((candidate) => candidate.name === name);
    const limit = rowCount(ranges, clause('limit') ?? clause('fetch'));
    const offset = rowCount(ranges, clause('offset'));
    return {
      index, kind: block.kind, role: block.parent === undefined ? 'root' : 'derived', ...(block.parent === undefined ? {} : { parent: block.parent }),
      span: block.span, clauses: clauseSpans(block), distinct: ranges.word(ranges.inside(clause('select')?.body ?? sqlSpan(0, 0)).from) === 'distinct',
      relations: relations(ranges, block), outputs: stars(ranges, clause('select')), conjuncts: [], groupBy: [], orderBy: [],
      ...(limit ? { limit } : {}), ...(offset ? { offset } : {}), returning: clause('returning') !== undefined,
    };
  });
}

function relations(ranges: TokenRanges, block: BlockRange): Relation[] {
  return block.clauses.flatMap((clause): Relation[] => {
    const body = ranges.inside(clause.body);
    if (clause.name === 'insert' || clause.name === 'update' || clause.name === 'delete' || clause.name === 'merge') {
      const relation = relationAt(ranges, ranges.word(body.from) === 'only' ? body.from + 1 : body.from, body.to, true);
      return relation ? [relation] : [];
    }
    if (clause.name !== 'from' && clause.name !== 'using') return [];
    const starts = [body.from];
    for (let i = body.from; i < body.to; i = ranges.next(i)) if (ranges.word(i) === ',' || ranges.word(i) === 'join') starts.push(i + 1);
    return starts.flatMap((start) => relationAt(ranges, /^(?:only|lateral)$/.test(ranges.word(start)) ? start + 1 : start, body.to, false) ?? []);
  });
}

function relationAt(ranges: TokenRanges, at: number, end: number, target: boolean): Relation | undefined {
  const isName = (i: number): boolean => i < end && (ranges.tokens[i]?.kind === 'word' || ranges.tokens[i]?.kind === 'quoted');
  if (!isName(at)) return undefined;
  let last = at;
  while (ranges.word(last + 1) === '.' && isName(last + 2)) last += 2;
  if (!target && ranges.word(last + 1) === '(') return undefined;
  const read = (i: number): string => {
    const token = ranges.tokens[i];
    return token ? nameOf(ranges.text, token) : '';
  };
  const name = read(last);
  const next = ranges.word(last + 1) === 'as' ? last + 2 : last + 1;
  const alias = isName(next) && !notAnAlias.test(ranges.word(next)) ? read(next) : name;
  return { kind: 'table', ...(last > at ? { schema: read(last - 2) } : {}), name, alias, span: ranges.span({ from: at, to: last + 1 }), lateral: false, target };
}

const notAnAlias = /^(?:on|using|join|left|right|inner|full|cross|natural|where|set|values|select|default|group|order|limit|offset|as|tablesample|overriding)$/;

function stars(ranges: TokenRanges, select: ClauseRange | undefined): Output[] {
  if (!select) return [];
  return ranges.splitList(ranges.inside(select.body)).flatMap((piece): Output[] => {
    const at = /^(?:distinct|all)$/.test(ranges.word(piece.from)) ? piece.from + 1 : piece.from;
    if (ranges.word(piece.to - 1) !== '*' || piece.to - at > 5) return [];
    const alone = piece.to - at === 1;
    if (!alone && ranges.word(piece.to - 2) !== '.') return [];
    const token = ranges.tokens[piece.to - 3];
    const span = ranges.span({ from: at, to: piece.to });
    const qualifier = !alone && token ? nameOf(ranges.text, token) : undefined;
    return [{ star: true, span, expression: { kind: 'star', span, columns: [] }, ...(qualifier === undefined ? {} : { qualifier }) }];
  });
}

function rowCount(ranges: TokenRanges, clause: ClauseRange | undefined): RowCount | undefined {
  if (!clause) return undefined;
  const body = ranges.inside(clause.body);
  if (ranges.word(body.from) === 'all') return undefined;
  return { expression: constantOrOther(ranges, body), clause: clause.span, keyword: clause.keyword };
}

function constantOrOther(ranges: TokenRanges, body: TokenRange): Expression {
  const first = ranges.tokens[body.from];
  const span = ranges.span(body);
  if (first?.kind === 'number' && body.to - body.from === 1) return { kind: 'constant', value: Number(ranges.textOf(body)), span, columns: [] };
  return { kind: 'other', span, columns: [] };
}
