/** What EXPLAIN (FORMAT YAML) writes, and no more of YAML: maps and lists by indentation, quoted strings, flow lists of strings. */
export interface LooseYaml {
  readonly value: unknown;
  /** Line behind it. */
  readonly next: number;
}

const MAX_DEPTH = 1000;
const ENTRY = /^((?:[A-Za-z][\w ./-]*?|"[^"]*")):(?: +(.*))?$/s;

/** Reads the document that starts with a line; ends where the text is no longer of this kind. Never throws. */
export function readYaml(lines: readonly string[], from: number): LooseYaml {
  const reader = new YamlReader(lines, from);
  const value = reader.block(indentOf(lines[from] ?? ''), 0);
  return { value, next: reader.at };
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

class YamlReader {
  /** Where a list item's content begins, the line being split there. */
  private offset: number | undefined;
  constructor(private readonly lines: readonly string[], public at: number) {}

  private current(): { readonly indent: number; readonly text: string } | undefined {
    while (this.at < this.lines.length && this.lines[this.at]!.trim() === '') this.at++;
    const line = this.lines[this.at];
    if (line === undefined) return undefined;
    if (this.offset !== undefined) return { indent: this.offset, text: line.slice(this.offset) };
    const indent = indentOf(line);
    return { indent, text: line.slice(indent) };
  }

  private advance(): void {
    this.at++;
    this.offset = undefined;
  }

  /** The map or list whose lines stand at an indentation. */
  block(indent: number, depth: number): unknown {
    if (depth > MAX_DEPTH) return undefined;
    const first = this.current();
    if (!first || first.indent !== indent) return undefined;
    return /^- |^-$/.test(first.text) ? this.list(indent, depth) : this.map(indent, depth);
  }

  private list(indent: number, depth: number): unknown[] {
    const items: unknown[] = [];
    for (let line = this.current(); line && line.indent === indent && /^- |^-$/.test(line.text); line = this.current()) {
      const content = line.text.slice(1).trimStart();
      if (ENTRY.test(content) && !content.startsWith('"')) {
        this.offset = indent + line.text.length - content.length;
        items.push(this.block(this.offset, depth + 1));
      } else {
        this.advance();
        items.push(scalar(content));
      }
    }
    return items;
  }

  private map(indent: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let line = this.current(); line && line.indent === indent; line = this.current()) {
      const match = ENTRY.exec(line.text);
      if (!match) break;
      const [, key = '', text = ''] = match;
      if (key === '__proto__') break;
      this.advance();
      if (text.trim() !== '') {
        const value = scalar(text.trim());
        if (value !== undefined) map[key] = value;
        continue;
      }
      const next = this.current();
      // A list may stand at its key's own indentation.
      const below = next && (next.indent > indent || (next.indent === indent && next.text.startsWith('- '))) ? this.block(next.indent, depth + 1) : [];
      map[key] = below;
    }
    return map;
  }
}

function scalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number.isSafeInteger(Number(text)) || text.includes('.') ? Number(text) : text;
  if (/^["[]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // A string that has no end says nothing sure.
      return /^".*"$/s.test(text) && text.length > 1 ? text.slice(1, -1) : undefined;
    }
  }
  return text;
}
