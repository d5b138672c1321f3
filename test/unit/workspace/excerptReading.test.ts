import { beforeAll, describe, expect, it } from 'vitest';
import { hostSpan } from '../../../server/src/core/text/span';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { createEngine, type Engine, type OpenReader } from '../../../server/src/workspace/engine';
import { languageOf, toUri } from '../../../server/src/workspace/paths';
import { generateGo, generatePython } from '../../../scripts/bench/documents.mjs';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
  await engine.ensure('go');
});

/** A document in an editor, beside one that is read whole at each edit. */
class Pair {
  readonly reader: OpenReader;
  private readonly whole: OpenReader;

  constructor(path: string, public text: string) {
    const language = languageOf(path);
    if (!language) throw new Error(`no language: ${path}`);
    this.reader = engine.open(toUri(path), text, language);
    this.whole = engine.open(toUri(path), text, language);
  }

  /** Replaces a stretch; both readings have to be the same. @returns whether the first one was of an excerpt */
  edit(start: number, end: number, inserted: string): boolean {
    const change = { span: hostSpan(start, end), text: inserted };
    this.text = this.text.slice(0, start) + inserted + this.text.slice(end);
    const file = this.reader.update(this.text, [change]);
    const expected = this.whole.update(this.text, [change], { models: new Map() });
    expect(this.whole.partial).toBe(false);
    if (this.reader.partial) expect(file).toEqual(expected);
    return this.reader.partial;
  }

  replace(old: string, text: string): boolean {
    const at = this.text.indexOf(old);
    if (at < 0 || this.text.includes(old, at + 1)) throw new Error(`not once: ${old}`);
    return this.edit(at, at + old.length, text);
  }

  get file(): HostFile {
    return this.reader.file;
  }

  dispose(): void {
    this.reader.dispose();
    this.whole.dispose();
  }
}

/** Edits at places that are the same in every run, every second one undoes the one before. */
function typeInto(path: string, text: string, snippets: readonly string[], edits: number): number {
  const pair = new Pair(path, text);
  let state = text.length;
  const random = (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
  let partial = 0;
  let undo: { start: number; end: number; text: string } | undefined;
  for (let i = 0; i < edits; i++) {
    const start = undo?.start ?? random(pair.text.length);
    const end = undo?.end ?? Math.min(pair.text.length, start + random(2) * random(6));
    const inserted = undo?.text ?? snippets[random(snippets.length)] ?? '';
    undo = undo ? undefined : { start, end: start + inserted.length, text: pair.text.slice(start, end) };
    if (pair.edit(start, end, inserted)) partial++;
  }
  pair.dispose();
  return partial;
}

const python = `import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session
from app.models import Order

db = psycopg.connect("dbname=app")
SEEN = []
TABLE = "orders"


def run(sql, params):
    with db.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def open_orders(customer):
    return select(Order).where(Order.customer_id == customer)


class Base:
    def load(self, key):
        return run("select * from orders where id = %s", (key,))


class Store(Base):
    kind = "store"

    def __init__(self, session: Session):
        self.session = session
        self.conn = psycopg.connect("dbname=other")

    # sargable-disable-next-line
    def page(self, page):
        return self.conn.execute(f"select * from {TABLE} order by created_at limit 20 offset {page * 20}").fetchall()

    @property
    def total(self):
        return self.session.execute(select(Order)).scalars().all()

    def each(self, keys):
        for key in keys:
            row = self.load(key)
            print(row.name, row.total)
        return [self.load(key) for key in keys]


def report(customer, keys):
    SEEN.append(customer)
    with db.cursor() as cursor:
        cursor.execute("update orders set seen = true where id = any(%s)", (keys,))
    return Session().scalars(open_orders(customer)).all()


def fetch(sql):
    with db.cursor() as reader:
        reader.execute(sql)
        return reader.fetchall()


def newest():
    return fetch("select max(note) from orders")


def main(pool):
    try:
        return pool.map(report, [1, 2, 3])
    except Exception:
        return run("select max(id) from orders", ())
`;

const go = `package store

import (
	"context"
	"database/sql"
)

// Store has queries.
type Store struct {
	db *sql.DB
}

var limit = 20

func (s *Store) Find(ctx context.Context, id int64) (*sql.Rows, error) {
	return s.db.QueryContext(ctx, "select * from orders where id = $1", id)
}

func (s *Store) Each(ctx context.Context, ids []int64) error {
	for _, id := range ids {
		rows, err := s.Find(ctx, id)
		if err != nil {
			return err
		}
		defer rows.Close()
	}
	return nil
}

func run(db *sql.DB, query string) (*sql.Rows, error) {
	return db.Query(query)
}

func Last(db *sql.DB) (*sql.Rows, error) {
	return run(db, "select max(id) from orders")
}
`;

const pythonSnippets = ['x', ' ', '', '\n        ', ':', '"', '# note\n', 'return run(TABLE, ())', 'SEEN.append(1)', 'self.load(1)', 'self.conn = 1\n        ', '.limit(10)', 'for a in b: c(a)\n', 'import os\n    ', '(', ')'];
const goSnippets = ['x', ' ', '', ';', '\n', '{', '}', '"', '(', ')', '// note\n', 'run(db, "select 1")', 'rows.Close()', 'limit = 3\n'];

describe('reading an excerpt again after an edit', () => {
  it('gives what reading the whole text gives: Python with classes, wrappers and builders', () => {
    expect(typeInto('/w/src/orders.py', python, pythonSnippets, 60)).toBeGreaterThan(15);
    expect(typeInto('/w/src/queries.py', generatePython(200), pythonSnippets, 30)).toBeGreaterThan(10);
  });

  it('gives what reading the whole text gives: Go', () => {
    expect(typeInto('/w/src/store.go', go, goSnippets, 50)).toBeGreaterThan(8);
    expect(typeInto('/w/src/queries.go', generateGo(200), goSnippets, 30)).toBeGreaterThan(10);
  });

  it('takes over what stands elsewhere, and reads callers and owners of fields again', () => {
    const pair = new Pair('/w/src/orders.py', python);
    const before = pair.file;
    const siteOf = (file: HostFile, word: string) => file.sites.find(({ source }) => source?.text.includes(word));
    expect(pair.replace('"select max(id) from orders"', '"select max(id), 1 from orders"')).toBe(true);
    expect(siteOf(pair.file, 'created_at')?.source).toBe(siteOf(before, 'created_at')?.source);
    expect(siteOf(pair.file, 'max(id), 1')).toBeDefined();
    // What the wrapper does says what its callers send.
    expect(siteOf(pair.file, 'max(note)')).toBeDefined();
    expect(pair.replace('reader.execute(sql)', 'print(sql)')).toBe(true);
    expect(siteOf(pair.file, 'max(note)')).toBeUndefined();
    expect(pair.replace('print(sql)', 'reader.execute(sql)')).toBe(true);
    expect(siteOf(pair.file, 'max(note)')?.confidence).toBe('proved');
    pair.dispose();
  });

  it('reads the file whole where an edit reaches further', () => {
    const pair = new Pair('/w/src/orders.py', python);
    expect(pair.replace('kind = "store"', 'kind = "shop"')).toBe(false);
    expect(pair.replace('def report(customer', 'def reports(customer')).toBe(false);
    expect(pair.replace('from app.models import Order\n', '')).toBe(false);
    pair.dispose();
  });
});
