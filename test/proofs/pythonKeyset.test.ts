import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { applyEdits } from '../../server/src/core/text/edit';
import { PAGED_ROWS, PAGED_SCHEMA } from '../support/keysetRows';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { lintCase } from '../support/readers';
import { findPython } from '../support/python';

const PAGE = 4;
/** The first Python that has the libraries; distributions install them for their own interpreter. */
const python = findPython('peewee, psycopg2');
if (python === undefined) console.warn('SKIPPED: no Python with peewee and psycopg2: what the fixes write is compared, not run');

let database: TestDatabase | undefined;
beforeAll(async () => {
  if (python !== undefined) database = await createDatabase(PAGED_SCHEMA + PAGED_ROWS);
});
afterAll(() => database?.drop());

const PEEWEE = `from peewee import BigIntegerField, DateTimeField, DecimalField, Model, PostgresqlDatabase, TextField

database = PostgresqlDatabase(None)


class Order(Model):
    id = BigIntegerField(primary_key=True)
    tenant = BigIntegerField(column_name="tenant_id")
    created_at = DateTimeField()
    total = DecimalField()
    note = TextField(null=True)

    class Meta:
        database = database
        table_name = "orders"


def page(offset):
    return list(BODY)
`;
/** A page, what of it the fix writes anew, and the page with a total order where it has none. */
const peewee: readonly (readonly [string, string, string?])[] = [
  [`Order.select().where(Order.tenant == 1).order_by(Order.created_at.desc(), Order.id.desc()).limit(${PAGE}).offset(offset)`, '.where((Order.created_at <= after.created_at) & ((Order.created_at < after.created_at) | (Order.id < after.id)) if after else True)'],
  [`Order.select().order_by(Order.id).offset(offset).limit(${PAGE})`, '.where((Order.id > after.id) if after else True)'],
  [`Order.select().order_by(Order.total).limit(${PAGE}).offset(offset)`, '.order_by(Order.total, Order.id.asc())', `Order.select().order_by(Order.total, Order.id).limit(${PAGE}).offset(offset)`],
  [`Order.select(Order.id, Order.total, Order.created_at).where(Order.total > 0).order_by(Order.total, Order.created_at.desc(), Order.id).paginate(offset // ${PAGE} + 1, ${PAGE})`, `.limit(${PAGE})`],
];

const fixOf = async (code: string) => (await lintCase([offsetPagination], { language: 'python', code, schema: PAGED_SCHEMA })).findings.map((finding) => finding.fixes()[0]?.edits);

describe('keyset rewrite in Peewee', () => {
  it('gives the pages by number', async () => {
    const codes = await Promise.all(peewee.map(async ([page, written, total = page]) => {
      const code = PEEWEE.replace('BODY', page);
      const [edits, ...others] = await fixOf(code);
      const after = applyEdits(code, edits ?? []) ?? '';
      expect(others).toEqual([]);
      expect(after).toContain(written);
      return [PEEWEE.replace('BODY', total), after];
    }));
    if (python === undefined) return;
    const run = spawnSync(python, [path.join(import.meta.dirname, '../support/walkPeewee.py')], { input: JSON.stringify({ url: database?.url, codes, size: PAGE, most: 60 }), encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    for (const [index, [before, now]] of (JSON.parse(run.stdout) as (readonly [unknown[], unknown[]])[]).entries()) {
      expect(before.length).toBeGreaterThan(PAGE);
      expect(now, codes[index]?.[1]).toEqual(before);
    }
  });
  it.each([`Order.select().order_by(Order.note).limit(${PAGE}).offset(offset)`, `Order.select().order_by(Order.id).limit(${PAGE}).offset(offset).dicts()`])('leaves %s', async (page) => {
    expect(await fixOf(PEEWEE.replace('BODY', page))).toEqual([undefined]);
  });
});

const TORTOISE = `from tortoise import fields
from tortoise.models import Model


class Order(Model):
    id = fields.BigIntField(primary_key=True)
    tenant_id = fields.BigIntField()
    created_at = fields.DatetimeField()
    total = fields.DecimalField(12, 2)
    note = fields.TextField(null=True)

    class Meta:
        table = "orders"


async def page(offset):
    return await BODY
`;

describe('keyset rewrite in Tortoise', () => {
  it.each([
    [`Order.filter(tenant_id=1).order_by("-created_at", "-id").offset(offset).limit(${PAGE})`, `Order.filter(tenant_id=1).filter(Q(created_at__lt=after.created_at) | Q(created_at=after.created_at, id__lt=after.id) if after else Q()).order_by("-created_at", "-id").limit(${PAGE})`],
    [`Order.all().order_by("id").limit(${PAGE}).offset(offset)`, `Order.all().filter(Q(id__gt=after.id) if after else Q()).order_by("id").limit(${PAGE})`],
    [`Order.all().order_by("total").limit(${PAGE}).offset(offset)`, `Order.all().filter(Q(total__gt=after.total) | Q(total=after.total, id__gt=after.id) if after else Q()).order_by("total", "id").limit(${PAGE})`],
  ])('%s', async (page, written) => {
    const code = TORTOISE.replace('BODY', page);
    const [edits] = await fixOf(code);
    const after = applyEdits(code, edits ?? []) ?? '';
    expect(after).toContain(`    return await ${written}`);
    expect(after).toContain('async def page(offset, after=None):');
    expect(after).toContain('from tortoise.expressions import Q\n');
  });
  it.each([`Order.all().order_by("note").limit(${PAGE}).offset(offset)`, `Order.all().order_by("id").limit(${PAGE}).offset(offset).values("total")`])('leaves %s', async (page) => {
    expect(await fixOf(TORTOISE.replace('BODY', page))).toEqual([undefined]);
  });
});
