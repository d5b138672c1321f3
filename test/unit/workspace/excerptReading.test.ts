import { beforeAll, describe, expect, it } from 'vitest';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { generateGo, generatePython } from '../../../scripts/bench/documents.mjs';
import { ReadingPair, typeInto } from '../../support/readingPair';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
  for (const language of ['go', 'ruby', 'rust', 'php'] as const) await engine.ensure(language);
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

  it('finds what mentions a part, however the name is written: Ruby with ?, PHP with $', () => {
    const ruby = new ReadingPair(engine, '/w/app/job.rb', `class Job < ApplicationJob
  def perform(order)
    return if paid?(order)
    Order.where(id: order).each { |one| one.touch }
  end

  def paid?(order)
    Payment.where(order: order).exists?
  end

  def sweep
    Order.delete_all
  end

  def note
    Note.create!(text: 'a')
  end
end
`);
    expect(ruby.replace("'a'", "'b'")).toBe(true);
    expect(ruby.replace('order: order', 'order_id: order')).toBe(true);
    expect(ruby.replace('where(id: order)', 'where(id: order.id)')).toBe(true);
    ruby.dispose();
    const php = new ReadingPair(engine, '/w/app/report.php', `<?php
use Illuminate\\Support\\Facades\\DB;

$orders = DB::table('orders')->where('open', true);

$page = $orders->limit(10)->get();

function other() {
    return DB::table('customers')->get();
}

function third() {
    return DB::table('notes')->get();
}
`);
    php.replace("'open', true", "'open', false");
    php.replace('limit(10)', 'limit(20)');
    expect(php.replace("'notes'", "'remarks'")).toBe(true);
    php.dispose();
  });

  it('reads what follows several comments again with the first of them: Rust with attributes', () => {
    const pair = new ReadingPair(engine, '/w/src/message.rs', `use diesel::prelude::*;

#[derive(Queryable)]
#[cfg_attr(feature = "full", derive(Queryable))]
#[diesel(table_name = messages)]
pub struct Message {
    pub id: i32,
}

pub fn list(conn: &mut PgConnection) -> QueryResult<Vec<Message>> {
    messages::table.limit(10).load(conn)
}

pub fn count(conn: &mut PgConnection) -> QueryResult<i64> {
    messages::table.count().get_result(conn)
}
`);
    pair.replace('#[cfg_attr(', '#[cfg = (');
    pair.replace('#[cfg = (', '#[cfg_attr(');
    expect(pair.replace('limit(10)', 'limit(20)')).toBe(true);
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
