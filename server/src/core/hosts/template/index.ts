import { collectLineStarts } from '../../text/lineIndex';
import { hostSpan, type HostSpan } from '../../text/span';
import { readFileRole } from '../fileRole';
import type { HostFile } from '../ir';
import { readSuppressions } from '../suppressions';
import type { TemplateIr, TemplateNode } from '../templateIr';
import { readBlade } from './blade';
import { readErb, type ReadNodes } from './erb';
import { readExpression, type Expression } from './expressions';

/** A tag, an output or a comment with its marks. */
interface Piece {
  readonly kind: 'tag' | 'output' | 'comment';
  readonly span: HostSpan;
  /** Between the marks. */
  readonly start: number;
  readonly end: number;
  /** First word of a tag. */
  readonly name: string;
}

interface Frame {
  readonly name: string;
  readonly span: HostSpan;
  /** Where nodes go now. */
  nodes: TemplateNode[];
  /** Puts what was read into the frame around it. */
  close(into: TemplateNode[]): void;
}

/**
 * Reads a template of Django, Jinja, Rails (ERB) or Laravel (Blade): which values it reads, in which loops, and which templates it takes in. By its tags alone:
 * what stands between them (HTML or not) does not matter. Tags that are not known are left out, what stands inside them is not.
 */
export function readTemplate(uri: string, text: string): HostFile {
  if (/\.erb$/i.test(uri)) return embedded(uri, text, readErb(uri, text));
  if (/\.blade\.php$/i.test(uri)) return embedded(uri, text, readBlade(text));
  const pieces = text.includes('{%') || text.includes('{{') ? piecesOf(uri, text) : [];
  const errors: HostSpan[] = [];
  const template = pieces.some((piece) => piece.kind !== 'comment') ? build(text, pieces, errors) : undefined;
  return {
    uri, language: 'template', role: readFileRole(uri, text), sites: [], loops: [], functions: [], classes: [], calls: [], imports: [], exports: [], models: [],
    ...(template ? { template, lines: collectLineStarts(text) } : {}),
    suppressions: readSuppressions(pieces.filter((piece) => piece.kind === 'comment').map((piece) => ({ text: text.slice(piece.start, piece.end).trim(), span: piece.span }))),
    errors,
  };
}

/** Templates of Rails and Laravel, whose values stand in Ruby and PHP. */
function embedded(uri: string, text: string, read: ReadNodes | undefined): HostFile {
  return {
    uri, language: 'template', role: readFileRole(uri, text), sites: [], loops: [], functions: [], classes: [], calls: [], imports: [], exports: [], models: [],
    ...(read && read.nodes.length > 0 ? { template: { nodes: read.nodes }, lines: collectLineStarts(text) } : {}),
    suppressions: readSuppressions(read?.comments ?? []), errors: read?.errors ?? [],
  };
}

/** Tags up to whose end nothing is read. */
const verbatim = new Map([['verbatim', /\{%-?\s*endverbatim\b[^%]*%\}/g], ['raw', /\{%[-+]?\s*endraw\s*[-+]?%\}/g], ['comment', /\{%\s*endcomment\s*%\}/g]]);

/** Django does not know marks that take white space away, these tags, and calls. */
const jinjaOnly = /\{[%{]-|-[%}]\}|\{%\s*(?:set|macro|import|from|call|do|raw)\b|\{\{\s*[\w.]+\(/;

/** Are they templates of Jinja, by their name or by what only Jinja reads? In Django a comment ends with its line. */
const isJinja = (uri: string, text: string): boolean => /\.(jinja2?|j2)$|\/jinja2?\//i.test(uri) || jinjaOnly.test(text);

/** The next place of a mark, or -1. Asked with offsets that grow it walks the text once, however many marks nothing closes. */
function createFinder(text: string, mark: string): (from: number) => number {
  let known = -2;
  return (from) => {
    if (known !== -1 && known < from) known = text.indexOf(mark, from);
    return known;
  };
}

function piecesOf(uri: string, text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const closers = new Map([['<!--', '-->'], ['{%', '%}'], ['{{', '}}'], ['{#', '#}']].map(([mark = '', close = '']) => [mark, createFinder(text, close)]));
  const lineEnd = isJinja(uri, text) ? undefined : createFinder(text, '\n');
  const opening = /\{[%{#]|<!--/g;
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const { index } = match;
    const kind = match[0] === '{%' ? 'tag' : match[0] === '{{' ? 'output' : 'comment';
    const at = closers.get(match[0])?.(index + 2) ?? -1;
    if (at < 0) continue;
    if (match[0] === '{#' && lineEnd) {
      const end = lineEnd(index);
      if (end >= 0 && end < at) continue;
    }
    if (match[0] === '<!--') {
      // What stands in a comment of HTML is rendered all the same.
      if (/^<!--\s*sargable-disable/.test(text.slice(index, index + 40))) pieces.push({ kind, span: hostSpan(index, at + 3), start: index + 4, end: at, name: '' });
      continue;
    }
    const [start, end] = [index + 2 + (/[-+]/.test(text[index + 2] ?? '') ? 1 : 0), at - (/[-+]/.test(text[at - 1] ?? '') ? 1 : 0)];
    const name = kind === 'tag' ? /^\s*([\w.]+)/.exec(text.slice(start, end))?.[1] ?? '' : '';
    pieces.push({ kind, span: hostSpan(index, at + 2), start, end, name });
    opening.lastIndex = at + 2;
    const skip = kind === 'tag' ? verbatim.get(name) : undefined;
    if (skip) {
      skip.lastIndex = at + 2;
      opening.lastIndex = skip.exec(text) ? skip.lastIndex : text.length;
    }
  }
  return pieces;
}

/** Tags whose arguments are values that they read. Arguments of tags that are not known may be anything. */
const readers = /^(url|firstof|cycle|widthratio|ifchanged|trans|translate|blocktrans|blocktranslate|ifequal|ifnotequal|do|print|return)$/;

/** Tags inside each other; no one writes more, and those who walk the nodes do it by recursion. */
const MAX_NESTING = 100;

/** Undefined where tags stand too deep in each other. */
function build(text: string, pieces: readonly Piece[], errors: HostSpan[]): TemplateIr | undefined {
  const root: TemplateNode[] = [];
  const frames: Frame[] = [{ name: '', span: hostSpan(0, 0), nodes: root, close: () => undefined }];
  const top = (): Frame => frames.at(-1)!;
  const reads = ({ paths }: Pick<Expression, 'paths'>): void => {
    for (const path of paths) top().nodes.push({ kind: 'read', path });
  };
  const open = (name: string, span: HostSpan, make: (body: readonly TemplateNode[]) => TemplateNode): void => {
    const nodes: TemplateNode[] = [];
    const frame: Frame = { name, span, nodes, close: (into) => void into.push(make(nodes)) };
    frames.push(frame);
  };
  const close = (name: string, span: HostSpan): void => {
    const at = frames.findLastIndex((frame) => frame.name === name);
    if (at <= 0) return void errors.push(span);
    while (frames.length > at) pop();
  };
  const pop = (): void => {
    const frame = frames.pop()!;
    frame.close(top().nodes);
  };
  /** What follows in a frame runs only sometimes, and no longer in its loop. */
  const otherwise = (span: HostSpan): void => {
    const frame = top();
    if (frame.name !== 'if' && frame.name !== 'for') return;
    pop();
    open(frame.name, span, (body) => ({ kind: 'branch', body }));
  };
  let parent: string | undefined;
  for (const piece of pieces) {
    if (piece.kind === 'comment') continue;
    if (piece.kind === 'output') {
      const { whole, paths } = readExpression(text, piece.start, piece.end);
      for (const path of paths) top().nodes.push({ kind: 'read', path, ...(path === whole ? { printed: true } : {}) });
      continue;
    }
    const { name, span } = piece;
    if (frames.length > MAX_NESTING) return void errors.push(span);
    const from = text.indexOf(name, piece.start) + name.length;
    const expression = readExpression(text, from, piece.end);
    const strings = expression.words.filter((word) => word.isString).map((word) => word.text);
    const between = (word: string): { readonly before: number; readonly after: number } | undefined => {
      const found = expression.words.find((candidate) => !candidate.isString && candidate.text === word);
      return found && { before: found.start, after: found.end };
    };
    switch (name) {
      case 'extends':
        parent = strings[0];
        break;
      case 'for': {
        const within = between('in');
        if (!within) break;
        const names = text.slice(from, within.before).match(/[A-Za-z_]\w*/g) ?? [];
        const end = expression.words.find((word) => !word.isString && /^(if|reversed|recursive)$/.test(word.text) && word.start > within.after)?.start ?? piece.end;
        const iterable = readExpression(text, within.after, end);
        if (!iterable.whole) reads(iterable);
        else reads({ paths: iterable.paths.filter((path) => path !== iterable.whole) });
        open('for', span, (body) => ({ kind: 'loop', names, ...(iterable.whole ? { iterable: iterable.whole } : {}), head: span, body }));
        // `for order in orders if order.customer`: read of each.
        if (end < piece.end) reads(readExpression(text, end, piece.end));
        break;
      }
      case 'if':
      case 'ifchanged':
      case 'ifequal':
      case 'ifnotequal':
        reads(expression);
        open('if', span, (body) => ({ kind: 'branch', body }));
        break;
      case 'elif':
        otherwise(span);
        reads(expression);
        break;
      case 'else':
      case 'empty':
        otherwise(span);
        break;
      case 'with': {
        const as = between('as');
        const bindings = as ? [{ name: /[A-Za-z_]\w*/.exec(text.slice(as.after, piece.end))?.[0] ?? '', path: readExpression(text, from, as.before).whole }] : expression.bindings;
        open('with', span, (body) => ({ kind: 'scope', bindings, body }));
        break;
      }
      case 'set': {
        const equals = from + text.slice(from, piece.end).indexOf('=');
        if (equals < from) {
          open('set', span, (body) => ({ kind: 'scope', bindings: [], body }));
          break;
        }
        const value = readExpression(text, equals + 1, piece.end);
        if (!value.whole) reads(value);
        for (const bound of text.slice(from, equals).match(/[A-Za-z_]\w*/g) ?? []) top().nodes.push({ kind: 'bind', name: bound, ...(value.whole ? { path: value.whole } : {}) });
        break;
      }
      case 'include': {
        const bindings = expression.bindings;
        reads({ paths: [] });
        const isolated = between('only') !== undefined || between('without') !== undefined;
        if (strings.length > 0) top().nodes.push({ kind: 'include', templates: strings, span, bindings, isolated });
        break;
      }
      case 'block':
        open('block', span, (body) => ({ kind: 'block', name: expression.words[0]?.text ?? '', body }));
        break;
      case 'macro': {
        const head = text.slice(from, piece.end);
        const parameters = head.slice(head.indexOf('(') + 1).replace(/\)[^)]*$/, '').split(',').map((part) => /[A-Za-z_]\w*/.exec(part)?.[0] ?? '').filter((part) => part !== '');
        open('macro', span, (body) => ({ kind: 'macro', name: expression.words[0]?.text ?? '', parameters, body }));
        break;
      }
      case 'call':
        reads(expression);
        open('call', span, (body) => ({ kind: 'branch', body }));
        break;
      case 'from':
      case 'import': {
        const [template] = strings;
        if (template === undefined) break;
        const rest = expression.words.filter((word) => !word.isString && !/^(with|without|context)$/.test(word.text));
        const names: { name: string; local: string }[] = [];
        let alias: string | undefined;
        for (let at = 0; at < rest.length; at++) {
          const word = rest[at]!.text;
          if (word === 'import') continue;
          if (word === 'as') {
            const local = rest[++at]?.text ?? '';
            const last = names.pop();
            if (last) names.push({ name: last.name, local });
            else alias = local;
          } else names.push({ name: word, local: word });
        }
        top().nodes.push({ kind: 'import', template, ...(alias === undefined ? {} : { alias }), names });
        break;
      }
      case 'regroup': {
        const [by, as] = [between('by'), between('as')];
        const rows = by && readExpression(text, from, by.before).whole;
        const path = by && readExpression(text, by.after, as?.before ?? piece.end).whole;
        if (rows && path) top().nodes.push({ kind: 'group', rows, by: path });
        break;
      }
      case 'cache':
      case 'filter':
        open(name, span, (body) => ({ kind: name === 'cache' ? 'branch' : 'scope', bindings: [], body }));
        break;
      case 'blocktrans':
      case 'blocktranslate':
        reads({ paths: expression.bindings.flatMap((binding) => binding.path ?? []) });
        open('blocktrans', span, (body) => ({ kind: 'scope', bindings: expression.bindings, body }));
        break;
      default:
        if (/^end/.test(name)) {
          const ended = /^endif(changed|equal|notequal)?$/.test(name) ? 'if' : /^endblocktrans/.test(name) ? 'blocktrans' : name.slice(3);
          if (/^(for|if|with|set|block|macro|call|cache|filter|blocktrans)$/.test(ended)) close(ended, span);
        } else if (readers.test(name)) reads(expression);
    }
  }
  for (const frame of frames.slice(1)) if (frame.name !== 'set') errors.push(frame.span);
  while (frames.length > 1) pop();
  return { ...(parent === undefined ? {} : { extends: parent }), nodes: root };
}
