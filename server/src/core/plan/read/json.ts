/** A JSON value that may be cut off. */
export interface LooseJson {
  readonly value: unknown;
  /** Offset behind the value. */
  readonly end: number;
  /** The text ended, or was no JSON, inside the value: what was read until then is in it. */
  readonly cutAt?: number;
}

const MAX_DEPTH = 2000;

/** Reads the JSON value at an offset. Of one that is cut off, or broken somewhere, everything before that place is kept. */
export function readJson(text: string, start: number): LooseJson {
  const end = findEnd(text, start);
  if (end !== undefined) {
    try {
      return { value: JSON.parse(text.slice(start, end)) as unknown, end };
    } catch {
      // Read below, to where it breaks.
    }
  }
  return new LooseReader(text, start).read();
}

/** Offset behind the bracket that closes the one at `start`; undefined where there is none. */
function findEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 34) {
      for (at++; at < text.length && text.charCodeAt(at) !== 34; at++) if (text.charCodeAt(at) === 92) at++;
    } else if (c === 123 || c === 91) {
      if (++depth > MAX_DEPTH) return undefined;
    } else if ((c === 125 || c === 93) && --depth <= 0) return at + 1;
  }
  return undefined;
}

class LooseReader {
  private cutAt: number | undefined;
  constructor(private readonly text: string, private at: number) {}

  read(): LooseJson {
    const value = this.value(0);
    return { value, end: Math.min(this.at, this.text.length), ...(this.cutAt === undefined ? {} : { cutAt: this.cutAt }) };
  }

  private value(depth: number): unknown {
    this.skipSpace();
    const c = this.text[this.at];
    if (c === '{' && depth < MAX_DEPTH) return this.object(depth);
    if (c === '[' && depth < MAX_DEPTH) return this.array(depth);
    if (c === '"') return this.string();
    const literal = /[-+.\w]+/y;
    literal.lastIndex = this.at;
    const word = literal.exec(this.text)?.[0];
    if (word === undefined) return this.cut();
    // A number at the end of the text may have lost digits.
    if (this.at + word.length >= this.text.length) return this.cut();
    this.at += word.length;
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    const number = Number(word);
    return Number.isNaN(number) ? this.cut() : number;
  }

  private object(depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    this.at++;
    while (this.cutAt === undefined) {
      this.skipSpace();
      const c = this.text[this.at];
      if (c === '}') { this.at++; break; }
      if (c === ',') { this.at++; continue; }
      const key = c === '"' ? this.string() : this.cut();
      this.skipSpace();
      if (key === undefined || this.text[this.at] !== ':') { this.cut(); break; }
      this.at++;
      const value = this.value(depth + 1);
      if (value !== undefined && key !== '__proto__') result[key] = value;
    }
    return result;
  }

  private array(depth: number): unknown[] {
    const result: unknown[] = [];
    this.at++;
    while (this.cutAt === undefined) {
      this.skipSpace();
      const c = this.text[this.at];
      if (c === ']') { this.at++; break; }
      if (c === ',') { this.at++; continue; }
      const value = this.value(depth + 1);
      if (value !== undefined) result.push(value);
    }
    return result;
  }

  /** A string that has no end says nothing sure. */
  private string(): string | undefined {
    const start = this.at;
    for (this.at++; this.at < this.text.length && this.text.charCodeAt(this.at) !== 34; this.at++) if (this.text.charCodeAt(this.at) === 92) this.at++;
    if (this.at >= this.text.length) return this.cut();
    this.at++;
    const literal = this.text.slice(start, this.at);
    try {
      return JSON.parse(literal) as string;
    } catch {
      // A raw line break, as a terminal may put one.
      return literal.slice(1, -1).replace(/[\r\n]+/g, ' ').replaceAll('\\"', '"');
    }
  }

  private skipSpace(): void {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 32) this.at++;
  }

  private cut(): undefined {
    this.cutAt ??= this.at;
    return undefined;
  }
}
