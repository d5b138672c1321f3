import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { spanText } from '../../server/src/core/text/span';
import { createEngine, type Engine } from '../../server/src/workspace/engine';
import { toPath } from '../../server/src/workspace/paths';
import { createProject, type Project } from '../../server/src/workspace/project';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';
import { findPython } from '../support/python';

const SCHEMA = `
CREATE TABLE shop_customer (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE shop_order (id serial PRIMARY KEY, number text NOT NULL, customer_id integer NOT NULL REFERENCES shop_customer);
CREATE TABLE shop_item (id serial PRIMARY KEY, order_id integer NOT NULL REFERENCES shop_order, title text NOT NULL);
INSERT INTO shop_customer (name) SELECT 'customer ' || n FROM generate_series(1, 8) n;
INSERT INTO shop_order (number, customer_id) SELECT 'N' || n, n FROM generate_series(1, 8) n;
INSERT INTO shop_item (order_id, title) SELECT o, 'item ' || o || '/' || n FROM generate_series(1, 8) o, generate_series(1, 2) n;
`;

const DJANGO = {
  'shop/__init__.py': '',
  'shop/models.py': `from django.db import models


class Customer(models.Model):
    name = models.TextField()


class Order(models.Model):
    number = models.TextField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")


class Item(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    title = models.TextField()
`,
  'shop/views.py': `from django.shortcuts import render
from django.views.generic import ListView

from .models import Order


def names(request):
    return render(request, "shop/names.html", {"orders": Order.objects.order_by("id")})


def lines(request):
    orders = Order.objects.order_by("id")
    context = {"orders": orders}
    return render(request, "shop/lines.html", context)


class OrderList(ListView):
    model = Order
    ordering = ["id"]
`,
  'shop/templates/shop/base.html': '<ul>{% block rows %}{% endblock %}</ul>\n',
  'shop/templates/shop/names.html': '{% extends "shop/base.html" %}\n{% block rows %}{% for order in orders %}<li>{{ order.number }} {{ order.customer.name }}</li>{% endfor %}{% endblock %}\n',
  'shop/templates/shop/lines.html': '{% for order in orders %}{% include "shop/_lines.html" %}{% endfor %}\n',
  'shop/templates/shop/_lines.html': '{{ order.number }}:{% for item in order.items.all %} {{ item.title }} of {{ item.order.number }}{% endfor %} ({{ order.items.count }})\n',
  'shop/templates/shop/order_list.html': '{% for order in order_list %}{{ order.customer.name }}, {% endfor %}\n',
};

const SQLALCHEMY = {
  'app/__init__.py': '',
  'app/models.py': `from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()


class Customer(Base):
    __tablename__ = "shop_customer"
    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)


class Order(Base):
    __tablename__ = "shop_order"
    id = Column(Integer, primary_key=True)
    number = Column(String, nullable=False)
    customer_id = Column(ForeignKey("shop_customer.id"), nullable=False)
    customer = relationship("Customer")
    items = relationship("Item", back_populates="order", order_by="Item.id")


class Item(Base):
    __tablename__ = "shop_item"
    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("shop_order.id"), nullable=False)
    title = Column(String, nullable=False)
    order = relationship("Order", back_populates="items")
`,
  'app/pages.py': `from jinja2 import Environment, FileSystemLoader
from os import path

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Order

env = Environment(loader=FileSystemLoader(path.join(path.dirname(__file__), "templates")))


def names(session: Session):
    orders = session.scalars(select(Order).order_by(Order.id)).all()
    return env.get_template("names.html").render(orders=orders)


def lines(session: Session):
    orders = session.scalars(select(Order).order_by(Order.id)).all()
    return env.get_template("lines.html").render(orders=orders)
`,
  'app/templates/names.html': '{% from "_cards.html" import card %}{% for order in orders %}{{ card(order) }}{% endfor %}\n',
  'app/templates/_cards.html': '{% macro card(row) %}<b>{{ row.customer.name }}</b>{% endmacro %}\n',
  'app/templates/lines.html': '{% for order in orders %}{{ order.items|length }}: {% for item in order.items %}{{ item.title }} of {{ item.order.number }}{% endfor %}\n{% endfor %}',
};

const python = findPython('django, sqlalchemy, jinja2, psycopg2');
if (python === undefined) console.warn('SKIPPED: no Python with django, sqlalchemy, jinja2 and psycopg2: what the fixes of templates write is read again, not run');

let engine: Engine;
let database: TestDatabase | undefined;
beforeAll(async () => {
  engine = await createEngine();
  if (python !== undefined) database = await createDatabase(SCHEMA);
});
afterAll(() => database?.drop());

interface Page {
  readonly text: string;
  readonly statements: readonly string[];
}

function show(kind: 'django' | 'sqlalchemy', root: string, pages: readonly string[]): readonly Page[] {
  const result = spawnSync(python ?? '', ['-B', path.join(import.meta.dirname, '../support/runTemplates.py')], { input: `${JSON.stringify({ with: kind, root, url: database?.url, pages })}\n`, encoding: 'utf8' });
  expect(result.status, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as readonly Page[];
}

/** Findings of every template: the place, and the fixes' titles. */
async function found(project: Project): Promise<readonly { readonly place: string; readonly titles: readonly string[] }[]> {
  const all: { place: string; titles: readonly string[] }[] = [];
  for (const file of project.paths.filter((name) => name.includes('templates'))) {
    const result = await project.lint(file);
    if (!('findings' in result)) throw new Error(result.reason);
    for (const finding of result.findings) all.push({ place: `${path.basename(file)}: ${spanText(result.text, finding.span)}`, titles: finding.fixes().map((fix) => fix.title) });
  }
  return all;
}

/** Takes the first fix of the first finding that has one, until none is left. */
async function mend(project: Project): Promise<number> {
  for (let taken = 0; taken < 10; taken++) {
    let fixed = false;
    for (const file of project.paths.filter((name) => name.includes('templates'))) {
      const result = await project.lint(file);
      const [fix] = 'findings' in result ? result.findings.flatMap((finding) => finding.fixes()) : [];
      const uri = fix?.edits[0]?.uri;
      if (!fix || uri === undefined) continue;
      writeFileSync(toPath(uri) ?? '', applyEdits(project.textOf(uri) ?? '', fix.edits) ?? '');
      await project.scan();
      fixed = true;
      break;
    }
    if (!fixed) return taken;
  }
  return 10;
}

async function open(files: Readonly<Record<string, string>>) {
  const workspace = makeWorkspace(files);
  const project = await createProject({ folder: workspace.folder, engine, settings: {}, threads: 0 });
  await project.scan();
  return { workspace, project };
}

describe('templates: what the view loads along is not asked for per row', () => {
  it('Django', async () => {
    const { workspace, project } = await open(DJANGO);
    try {
      const pages = ['names', 'lines', 'OrderList'];
      const before = database && show('django', workspace.folder, pages);
      expect(await found(project)).toEqual([
        { place: '_lines.html: order.items.all', titles: ['Load `items` with the query (prefetch_related)'] },
        { place: 'names.html: order.customer', titles: ['Load `customer` with the query (select_related)'] },
        { place: 'order_list.html: order.customer', titles: ['Load `customer` with the query (select_related)'] },
      ]);
      expect(await mend(project)).toBe(3);
      expect(await found(project)).toEqual([]);
      expect(workspace.read('shop/views.py')).toContain("model = Order\n    queryset = Order.objects.select_related(\"customer\")\n");
      if (!before) return;
      const after = show('django', workspace.folder, pages);
      expect(after.map((page) => page.text)).toEqual(before.map((page) => page.text));
      // One for the rows, and one more per row and relation; then one for the rows, and one for the items of all.
      expect(before.map((page) => page.statements.length)).toEqual([9, 17, 9]);
      expect(after.map((page) => page.statements.length)).toEqual([1, 2, 1]);
    } finally {
      workspace.remove();
    }
  });

  it('SQLAlchemy and Jinja', async () => {
    const { workspace, project } = await open(SQLALCHEMY);
    try {
      const pages = ['names', 'lines'];
      const before = database && show('sqlalchemy', workspace.folder, pages);
      expect(await found(project)).toEqual([
        { place: '_cards.html: row.customer', titles: ['Load `customer` with the query (joinedload)'] },
        { place: 'lines.html: order.items', titles: ['Load `items` with the query (selectinload)'] },
      ]);
      expect(await mend(project)).toBe(2);
      expect(await found(project)).toEqual([]);
      if (!before) return;
      const after = show('sqlalchemy', workspace.folder, pages);
      expect(after.map((page) => page.text)).toEqual(before.map((page) => page.text));
      expect(before.map((page) => page.statements.length)).toEqual([9, 9]);
      expect(after.map((page) => page.statements.length)).toEqual([1, 2]);
    } finally {
      workspace.remove();
    }
  });
});
