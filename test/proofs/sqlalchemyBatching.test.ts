import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { createFlowWorkspace } from '../support/flowWorkspace';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { findPython } from '../support/python';
import { hasPython } from '../support/runCode';

const SCHEMA = `
CREATE TABLE guests (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, email text NOT NULL UNIQUE, full_name text NOT NULL);
CREATE TABLE stays (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, guest_id bigint NOT NULL REFERENCES guests, host_id bigint REFERENCES guests, status text NOT NULL);
`;
const ROWS = `
INSERT INTO guests VALUES (1, 7, 'a@x', 'Ada'), (2, 7, 'b@x', 'Ben'), (3, 7, 'c@x', 'Cleo'), (4, 8, 'd@x', 'Dan');
INSERT INTO stays VALUES (10, 7, 1, NULL, 'open'), (11, 7, 2, 1, 'open'), (12, 7, 1, 3, 'open'), (13, 7, 3, 2, 'closed'), (14, 8, 4, 4, 'open');
`;

/** The first Python that has the libraries; distributions install them for their own interpreter. */
const python = findPython('sqlalchemy, psycopg2');
if (python === undefined) console.warn('SKIPPED: no Python with sqlalchemy and psycopg2: what the fixes write is compiled, not run');

let database: TestDatabase | undefined;
beforeAll(async () => {
  if (python !== undefined) database = await createDatabase(SCHEMA + ROWS);
});
afterAll(() => database?.drop());

const HEAD = `from sqlalchemy import BigInteger, Column, ForeignKey, Text, delete, insert, select, update
from sqlalchemy.orm import Session, declarative_base, relationship

Base = declarative_base()


class Guest(Base):
    __tablename__ = "guests"
    id = Column(BigInteger, primary_key=True)
    tenant_id = Column(BigInteger, nullable=False)
    email = Column(Text, nullable=False, unique=True)
    full_name = Column(Text, nullable=False)


class Stay(Base):
    __tablename__ = "stays"
    id = Column(BigInteger, primary_key=True)
    tenant_id = Column(BigInteger, nullable=False)
    guest_id = Column(BigInteger, ForeignKey("guests.id"), nullable=False)
    host_id = Column(BigInteger, ForeignKey("guests.id"))
    status = Column(Text, nullable=False)
    guest = relationship("Guest", foreign_keys=[guest_id])
    host = relationship("Guest", foreign_keys=[host_id])


def run(session: Session, tenant_id: int):
    found = []
    BODY
    return found
`;
const STAYS = 'stays = session.scalars(select(Stay).where(Stay.tenant_id == tenant_id).order_by(Stay.id)).all()\n    for stay in stays:\n        ';
const LOAD = 'Load `guest` with the query of `stays`';
const LIST = 'Read all rows with one query before the loop';
const RAISES = `${LIST} (a missing row raises KeyError)`;

/** Body, and the titles of the fixes that must be offered for it. */
const cases: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'execute, scalar_one': [`${STAYS}guest = session.execute(select(Guest).where(Guest.id == stay.guest_id)).scalar_one()\n        found.append(guest.full_name)`, [LOAD, RAISES]],
  'execute, first, with the tenant': [`${STAYS}guest = session.execute(select(Guest).where(Guest.id == stay.guest_id, Guest.tenant_id == tenant_id)).scalars().first()\n        found.append(guest.full_name if guest else None)`, [`${LOAD} (by its key alone)`, LIST]],
  'a condition of its own': [`${STAYS}guest = session.scalars(select(Guest).where(Guest.id == stay.guest_id).where(Guest.email == "a@x")).one_or_none()\n        found.append(guest.full_name if guest else None)`, [LIST]],
  'a key that may be missing': [`${STAYS}host = session.scalar(select(Guest).where(Guest.id == stay.host_id))\n        found.append(host.full_name if host else None)`, ['Load `host` with the query of `stays`', LIST]],
  'a key that may be missing, required': [`${STAYS}host = session.scalars(select(Guest).where(Guest.id == stay.host_id)).one()\n        found.append(host.full_name)`, [RAISES]],
  'the session\'s own look-up': [`${STAYS}guest = session.get(Guest, stay.guest_id)\n        found.append(guest.full_name)`, [LOAD, LIST]],
  'a legacy query': [`${STAYS}guest = session.query(Guest).filter(Guest.id == stay.guest_id).first()\n        found.append(guest.email)`, [LOAD, LIST]],
  'a legacy query by keyword': [`${STAYS}guest = session.query(Guest).filter_by(id=stay.guest_id).one()\n        found.append(guest.email)`, [LOAD, RAISES]],
  'a legacy query over several lines': [`guests = session.scalars(select(Guest).where(Guest.tenant_id == tenant_id).order_by(Guest.id)).all()\n    for guest in guests:\n        stays = (\n            session.query(Stay)\n            .filter(Stay.guest_id == guest.id)\n            .order_by(Stay.id)\n            .all()\n        )\n        found.append([stay.id for stay in stays])`, [LIST]],
  'the rows of each element': [`guests = session.scalars(select(Guest).where(Guest.tenant_id == tenant_id).order_by(Guest.id)).all()\n    for guest in guests:\n        stays = session.scalars(select(Stay).where(Stay.guest_id == guest.id).order_by(Stay.id.desc())).all()\n        found.append([guest.full_name, [stay.id for stay in stays]])`, [LIST]],
  'elements from elsewhere': [`known = [["b@x", "nobody@x", "a@x"][n % 3] for n in range(tenant_id)]\n    for email in known:\n        guest = session.scalar(select(Guest).where(Guest.email == email))\n        found.append(guest.full_name if guest else None)`, [LIST]],
};

/** What the table holds afterwards is a part of what `run` gives. */
const GUESTS = 'found.append([list(row) for row in session.execute(select(Guest.id, Guest.email, Guest.full_name).order_by(Guest.id))])\n    session.rollback()';
const writes: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'insert': [`known = [[50 + n, "n%d" % n] for n in range(tenant_id % 9)]\n    for number, name in known:\n        session.execute(insert(Guest).values(id=number, tenant_id=tenant_id, email=name, full_name="New"))\n    ${GUESTS}`, ['Insert all rows with one statement']],
  'update': [`for number in range(tenant_id % 9):\n        session.execute(update(Guest).where(Guest.id == number).values(full_name="Seen"))\n    ${GUESTS}`, []],
  'update of a list': [`numbers = list(range(tenant_id % 9))\n    for number in numbers:\n        session.execute(update(Guest).where(Guest.id == number).values(full_name="Seen"))\n    ${GUESTS}`, ['Update all rows with one statement']],
  'delete': [`numbers = list(range(4, tenant_id % 9))\n    session.execute(delete(Stay))\n    for number in numbers:\n        session.execute(delete(Guest).where(Guest.id == number))\n    ${GUESTS}`, ['Delete all rows with one statement']],
};

const FILE = 'app/case.py';
const SCRIPT = path.join(import.meta.dirname, '../support/runSqlalchemy.py');

describe('SQLAlchemy: one or two statements do what the loop did', () => {
  for (const [name, [body, titles]] of Object.entries({ ...cases, ...writes })) {
    it(name, async () => {
      const code = HEAD.replace('BODY', () => body);
      const workspace = await createFlowWorkspace({ [FILE]: code });
      const findings = await workspace.lint(FILE, SCHEMA);
      expect(findings).toHaveLength(1);
      const fixes = findings[0]?.fixes() ?? [];
      expect(fixes.map((f) => f.title)).toEqual(titles);
      const changed = fixes.map((fix) => applyEdits(code, fix.edits) ?? '');
      for (const after of changed) {
        workspace.write(FILE, after);
        expect(await workspace.lint(FILE, SCHEMA), after).toEqual([]);
        if (hasPython) expect(spawnSync('python3', ['-c', 'import sys; compile(sys.stdin.read(), "case.py", "exec")'], { input: after }).status, after).toBe(0);
      }
      if (python === undefined || !database) return;
      const [before, ...now] = run(database.url, [code, ...changed]);
      for (const [k, results] of now.entries()) {
        expect(results.map((r) => r.value), changed[k]).toEqual(before?.map((r) => r.value));
        for (const result of results) expect(result.statements.length, changed[k]).toBeLessThanOrEqual(name in writes ? 3 : 2);
      }
    });
  }
});

interface Outcome {
  readonly value: unknown;
  readonly statements: readonly string[];
}

/** What each code gives for each tenant: one with three stays, one with one, one with none. */
function run(url: string, codes: readonly string[]): readonly (readonly Outcome[])[] {
  const task = { codes, url, arguments: [7, 8, 99], expected: ['NoResultFound', 'KeyError', 'AttributeError'] };
  const result = spawnSync(python ?? '', [SCRIPT], { input: `${JSON.stringify(task)}\n`, encoding: 'utf8' });
  expect(result.status, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as Outcome[][];
}
