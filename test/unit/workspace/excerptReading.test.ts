import { beforeAll, describe, expect, it } from 'vitest';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { generateGo, generatePython } from '../../../scripts/bench/documents.mjs';
import { ReadingPair, typeInto } from '../../support/readingPair';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
  await engine.ensure('go');
});

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
    expect(typeInto(engine, '/w/src/orders.py', python, pythonSnippets, 60)).toBeGreaterThan(15);
    expect(typeInto(engine, '/w/src/queries.py', generatePython(200), pythonSnippets, 30)).toBeGreaterThan(10);
  });

  it('gives what reading the whole text gives: Go', () => {
    expect(typeInto(engine, '/w/src/store.go', go, goSnippets, 50)).toBeGreaterThan(8);
    expect(typeInto(engine, '/w/src/queries.go', generateGo(200), goSnippets, 30)).toBeGreaterThan(10);
  });

  it('takes over what stands elsewhere, and reads callers and owners of fields again', () => {
    const pair = new ReadingPair(engine, '/w/src/orders.py', python);
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
    const pair = new ReadingPair(engine, '/w/src/orders.py', python);
    expect(pair.replace('kind = "store"', 'kind = "shop"')).toBe(false);
    expect(pair.replace('def report(customer', 'def reports(customer')).toBe(false);
    expect(pair.replace('from app.models import Order\n', '')).toBe(false);
    pair.dispose();
  });
});
