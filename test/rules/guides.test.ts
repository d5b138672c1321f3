import { describe, expect, it } from 'vitest';
import { rules } from '../../server/src/core/rules/index.generated';
import type { LintSettings } from '../../server/src/core/lint/rule';
import { lintCase, type Language } from '../support/readers';

/** The advice that performance guides give, as code: each bad form is caught at its place, each good form is silent. */

const SCHEMA = `
CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE visits (id bigint PRIMARY KEY, tenant_id text NOT NULL, account_id bigint NOT NULL REFERENCES accounts, title text NOT NULL, started_at timestamptz NOT NULL);
CREATE INDEX visits_by_account ON visits (account_id, started_at DESC);
CREATE INDEX visits_by_tenant ON visits (tenant_id, started_at DESC, id DESC);
CREATE TABLE trail (id bigint PRIMARY KEY, tenant_id text NOT NULL, visit_id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL);
CREATE INDEX trail_by_tenant ON trail (tenant_id, at DESC, id DESC);
CREATE INDEX trail_by_time ON trail (at DESC, id DESC);
`;
const PARTITIONED = `${SCHEMA}CREATE TABLE events (id bigint NOT NULL, session_id bigint NOT NULL, created_at timestamptz NOT NULL) PARTITION BY RANGE (created_at);
CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE events_b PARTITION OF events FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE INDEX events_session ON events (session_id);
`;
const SETTINGS: Partial<LintSettings> = { assume: { events: 5_000_000, states: 5_000_000, trail: 5_000_000, visits: 800_000, accounts: 50_000 }, tenant: { columns: ['tenant_id'], globalTables: ['accounts'], systemPaths: [] } };

const MODELS = `import asyncpg
from datetime import datetime
from sqlalchemy import ForeignKey, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

sessions = async_sessionmaker()

class Base(DeclarativeBase):
    pass

class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Visit(Base):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str]
    started_at: Mapped[datetime]
    account: Mapped[Account] = relationship()

class Trail(Base):
    __tablename__ = "trail"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    visit_id: Mapped[int]
    kind: Mapped[str]
    at: Mapped[datetime]

`;

interface Form {
  readonly about: string;
  readonly code: string;
  /** `rule` and the text that it is about, in the order of the file. None: a good form. */
  readonly found?: readonly (readonly [rule: string, text: string])[];
  readonly schema?: string;
}

async function check(language: Language, form: Form): Promise<void> {
  const code = language === 'python' ? MODELS + form.code : form.code;
  for (const text of [code, code.replaceAll('\n', '\r\n')]) {
    const result = await lintCase(rules, { language, code: text, schema: form.schema ?? SCHEMA, settings: SETTINGS });
    expect(result.failures).toEqual([]);
    expect(result.findings.map((f) => [f.rule, text.slice(f.span.start, f.span.end)])).toEqual(form.found ?? []);
  }
}

const python: readonly Form[] = [
  {
    about: 'a query per row of the first one',
    code: `async def latest(db: AsyncSession, tenant: str):
    visits = (await db.execute(select(Visit).filter_by(tenant_id=tenant).limit(50))).scalars()
    for visit in visits:
        owner = await db.execute(select(Account).filter_by(id=visit.account_id))
        print(visit.title, owner.scalar_one().name)
`,
    found: [['n-plus-one', 'select(Account)']],
  },
  {
    about: 'a relationship that is loaded row by row',
    code: `async def latest(db: AsyncSession, tenant: str):
    visits = (await db.execute(select(Visit).filter_by(tenant_id=tenant).limit(50))).scalars().all()
    return [(visit.title, visit.account.name) for visit in visits]
`,
    found: [['n-plus-one', 'visit.account']],
  },
  {
    about: 'eager loading',
    code: `async def latest(db: AsyncSession, tenant: str):
    visits = await db.execute(
        select(Visit)
        .options(joinedload(Visit.account))
        .filter_by(tenant_id=tenant)
        .limit(50)
    )
    return [(visit.title, visit.account.name) for visit in visits.scalars()]
`,
  },
  {
    about: 'pages by OFFSET, and a total of all tenants when none is given',
    code: `class Trails:
    async def page(self, tenant: str | None = None, number: int = 1, size: int = 20) -> tuple[list[Trail], int]:
        async with sessions() as session:
            total_query = select(func.count()).select_from(Trail)
            if tenant:
                total_query = total_query.where(Trail.tenant_id == tenant)
            total = await session.scalar(total_query)
            rows_query = (
                select(Trail)
                .where(Trail.tenant_id == tenant)
                .order_by(Trail.at.desc())
                .limit(size)
                .offset((number - 1) * size)
            )
            rows = await session.execute(rows_query)
            return rows.scalars().all(), total
`,
    found: [
      ['count-total-per-page', 'func.count()'],
      ['conditional-tenant-filter', '.where(Trail.tenant_id == tenant)'],
      ['unstable-pagination', 'Trail.at.desc()'],
      ['offset-pagination', '.offset((number - 1) * size)'],
    ],
  },
  {
    about: 'pages by key, with the tenant required',
    code: `class Trails:
    async def page(self, tenant: str, before: Trail, size: int = 20) -> list[Trail]:
        async with sessions() as session:
            rows = await session.execute(
                select(Trail)
                .where(Trail.tenant_id == tenant)
                .where(tuple_(Trail.at, Trail.id) < (before.at, before.id))
                .order_by(Trail.at.desc(), Trail.id.desc())
                .limit(size)
            )
            return rows.scalars().all()

    async def count(self, tenant: str) -> int:
        if not tenant:
            raise ValueError("a tenant is required")
        async with sessions() as session:
            return await session.scalar(select(func.count()).select_from(Trail).where(Trail.tenant_id == tenant))
`,
  },
  {
    about: 'a whole table in memory',
    code: `async def load(db: AsyncSession):
    accounts = await db.execute(select(Account))
    print(f"loaded {len(accounts.all())} rows")
`,
    found: [['unbounded-select', 'Account']],
  },
  {
    about: 'a page that is built in a loop and sent once',
    code: `async def page(db: AsyncSession, tenant: str, filters, start: int):
    query = select(Trail).where(Trail.tenant_id == tenant).order_by(Trail.at.desc(), Trail.id.desc()).limit(20).offset(start)
    for condition in filters:
        query = query.where(condition)
    return (await db.scalars(query)).all()
`,
    found: [['offset-pagination', '.offset(start)']],
  },
  {
    about: 'a session whose changes are never committed',
    code: `async def create(data):
    async with sessions() as session:
        made = Account(**data)
        session.add(made)
        return made
`,
    found: [['transaction-not-closed', 'add']],
  },
  {
    about: 'a session that is committed, and rolled back when it fails',
    code: `async def create(data):
    async with sessions() as session:
        try:
            made = Account(**data)
            session.add(made)
            await session.commit()
            await session.refresh(made)
            return made
        except Exception:
            await session.rollback()
            raise
`,
  },
  {
    about: 'a connection of its own for each request',
    code: `async def names(dsn: str):
    conn = await asyncpg.connect(dsn)
    try:
        return await conn.fetch("SELECT name FROM accounts ORDER BY id LIMIT 20")
    finally:
        await conn.close()
`,
    found: [['connection-per-call', 'connect']],
  },
  {
    about: 'a pool behind PgBouncer',
    code: `from sqlalchemy import create_engine

engine = create_engine("postgresql://user:secret@pgbouncer:6432/app", pool_size=20)
`,
    found: [['pool-behind-pooler', 'create_engine']],
  },
  {
    about: 'no pool of its own behind PgBouncer',
    code: `from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

engine = create_engine("postgresql://user:secret@pgbouncer:6432/app", poolclass=NullPool)
`,
  },
  {
    about: 'a stream in batches',
    code: `async def export(db: AsyncSession):
    rows = await db.stream(select(Account).execution_options(yield_per=500))
    async for row in rows:
        print(row)
`,
  },
  {
    about: 'every column of a whole table',
    code: `async def dump(dsn: str):
    async with asyncpg.create_pool(dsn) as pool:
        return await pool.fetch("SELECT * FROM accounts")
`,
    found: [['select-star', '*'], ['unbounded-select', 'accounts']],
  },
  {
    about: 'the columns and rows that are needed',
    code: `async def dump(pool: asyncpg.Pool, after: int):
    return await pool.fetch("SELECT id, name FROM accounts WHERE id > $1 ORDER BY id LIMIT 500", after)
`,
  },
  {
    about: 'a filter that no index serves',
    schema: SCHEMA.replace(/CREATE INDEX visits_by_account.*\n/, ''),
    code: `async def of_account(db: AsyncSession, tenant: str, account_id: int):
    return (await db.execute(select(Visit).where(Visit.account_id == account_id).limit(20))).scalars().all()
`,
    found: [['missing-tenant-filter', 'Visit'], ['unindexed-predicate', 'Visit.account_id == account_id']],
  },
  {
    about: 'the same with tenant and index',
    code: `async def of_account(db: AsyncSession, tenant: str, account_id: int):
    return (
        await db.execute(
            select(Visit)
            .where(Visit.account_id == account_id, Visit.tenant_id == tenant)
            .order_by(Visit.started_at.desc(), Visit.id.desc())
            .limit(20)
        )
    ).scalars().all()
`,
  },
  {
    about: 'a search in the middle of a text',
    code: `async def search(db: AsyncSession, text: str):
    return (await db.scalars(select(Account).where(Account.name.icontains(text)).order_by(Account.id).limit(20))).all()
`,
    found: [['leading-wildcard-like', 'Account.name.icontains(text)']],
  },
  {
    about: 'the same with a pattern made lines before',
    code: `async def search(db: AsyncSession, text: str):
    query = select(Account).order_by(Account.id).limit(20)
    if text:
        pattern = f"%{text}%"
        query = query.where(Account.name.ilike(pattern))
    return (await db.scalars(query)).all()
`,
    found: [['leading-wildcard-like', 'Account.name.ilike(pattern)']],
  },
  {
    about: 'a search by prefix',
    code: `async def search(db: AsyncSession, text: str):
    return (await db.scalars(select(Account).where(Account.id > 0, Account.name.like(f"{text}%")).order_by(Account.id).limit(20))).all()
`,
  },
  {
    about: 'a connection of its own for each request, as a context manager (asyncpg has none: the guide means this)',
    code: `async def everything(dsn: str):
    async with asyncpg.connect(dsn) as conn:
        return await conn.fetch("SELECT * FROM accounts")
`,
    found: [['connection-per-call', 'connect'], ['select-star', '*'], ['unbounded-select', 'accounts']],
  },
  {
    about: 'a pooled session, but the whole table: the guide calls it good for its connection',
    code: `async def everything():
    async with sessions() as session:
        return (await session.execute(select(Account))).scalars().all()
`,
    found: [['unbounded-select', 'Account']],
  },
  {
    about: 'a session that is left without a commit',
    code: `async def note(made: Account):
    async with sessions() as session:
        session.add(made)
`,
    found: [['transaction-not-closed', 'add']],
  },
  {
    about: 'a pool of its own where no PgBouncer stands',
    code: `from sqlalchemy import create_engine

engine = create_engine("postgresql://user:secret@localhost:5432/app", pool_size=20, max_overflow=10, pool_timeout=30, pool_recycle=3600, pool_pre_ping=True)
`,
  },
  {
    about: 'a stream by yield_per',
    code: `async def export(db: AsyncSession):
    for account in await db.scalars(select(Account).execution_options(yield_per=500)):
        print(account)
`,
  },
  {
    about: 'rows of a range of time alone',
    code: `async def lately(db: AsyncSession, tenant: str, since: datetime):
    return (await db.scalars(select(Trail).where(Trail.tenant_id == tenant, Trail.at >= since).order_by(Trail.at.desc(), Trail.id.desc()).limit(500))).all()
`,
  },
  {
    about: 'a summary that is cached: every column of it',
    schema: `${SCHEMA}CREATE TABLE summary (visit_id bigint PRIMARY KEY, n int NOT NULL, payload jsonb NOT NULL);`,
    code: `import json
import psycopg
import redis

cache = redis.Redis(host="localhost")


def summary(conn: psycopg.Connection, visit_id: int):
    known = cache.get(f"summary:{visit_id}")
    if known:
        return json.loads(known)
    found = conn.execute("SELECT * FROM summary WHERE visit_id = %s", (visit_id,)).fetchone()
    cache.setex(f"summary:{visit_id}", 3600, json.dumps(found))
    return found
`,
    found: [['select-star', '*']],
  },
];

const sql: readonly Form[] = [
  {
    about: 'counts of other tables row by row',
    schema: `${SCHEMA}CREATE INDEX visits_account ON visits (account_id);`,
    code: 'SELECT a.id, (SELECT count(*) FROM visits WHERE tenant_id = $1 AND account_id = a.id) AS visits FROM accounts a;',
    found: [['correlated-subquery', 'SELECT count(*) FROM visits WHERE tenant_id = $1 AND account_id = a.id'], ['unbounded-select', 'accounts']],
  },
  { about: 'a refresh that readers wait for', schema: `${SCHEMA}CREATE MATERIALIZED VIEW per_kind AS SELECT kind, count(*) AS n FROM trail GROUP BY kind;\nCREATE UNIQUE INDEX per_kind_kind ON per_kind (kind);`, code: 'REFRESH MATERIALIZED VIEW per_kind;', found: [['refresh-blocks-readers', 'REFRESH MATERIALIZED VIEW']] },
  { about: 'a refresh beside readers', schema: `${SCHEMA}CREATE MATERIALIZED VIEW per_kind AS SELECT kind, count(*) AS n FROM trail GROUP BY kind;\nCREATE UNIQUE INDEX per_kind_kind ON per_kind (kind);`, code: 'REFRESH MATERIALIZED VIEW CONCURRENTLY per_kind;' },
  { about: 'VACUUM FULL', code: 'VACUUM FULL trail;', found: [['vacuum-full', 'VACUUM FULL']] },
  { about: 'VACUUM and ANALYZE', code: 'VACUUM trail;\nVACUUM ANALYZE visits;\nANALYZE trail;\nREINDEX INDEX CONCURRENTLY trail_by_time;' },
  { about: 'indexes built and dropped under a lock', code: 'CREATE INDEX trail_visit ON trail (visit_id);\nDROP INDEX trail_by_time;', found: [['index-not-concurrent', 'CREATE INDEX'], ['lock-timeout-missing', 'CREATE INDEX'], ['index-not-concurrent', 'DROP INDEX']] },
  { about: 'a key looked for in an index of containment', schema: `${SCHEMA}CREATE TABLE states (id bigint PRIMARY KEY, state jsonb NOT NULL);\nCREATE INDEX states_state ON states USING gin (state jsonb_path_ops);`, code: `SELECT id FROM states WHERE state ? 'outline' LIMIT 5;\nSELECT id FROM states WHERE state @> '{"status": "active"}' LIMIT 5;`, found: [['jsonb-index-mismatch', "state ? 'outline'"]] },
  {
    about: 'a deep page',
    code: `SELECT id, kind FROM trail ORDER BY at DESC, id DESC OFFSET 10000 LIMIT 100;`,
    found: [['offset-pagination', 'OFFSET 10000']],
  },
  {
    about: 'a page by OFFSET whose order is not total',
    code: `SELECT id, kind FROM trail WHERE tenant_id = $1 ORDER BY at DESC LIMIT 100 OFFSET $2;`,
    found: [['unstable-pagination', 'ORDER BY at DESC'], ['offset-pagination', 'OFFSET $2']],
  },
  {
    about: 'keyset over the sort key and the primary key',
    code: `SELECT id, kind FROM trail WHERE tenant_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT 100;`,
  },
  {
    about: 'a search in the middle of a text',
    code: `SELECT id FROM accounts WHERE name ILIKE '%' || $1 || '%' ORDER BY id LIMIT 20;`,
    found: [['leading-wildcard-like', `name ILIKE '%' || $1 || '%'`]],
  },
  {
    about: 'the same with a trigram index',
    schema: `${SCHEMA}CREATE INDEX accounts_name_trgm ON accounts USING gin (name gin_trgm_ops);`,
    code: `SELECT id FROM accounts WHERE name ILIKE '%' || $1 || '%' ORDER BY id LIMIT 20;`,
  },
  {
    about: 'rows of one owner, newest first, from a covering index',
    schema: SCHEMA.replace('visits (account_id, started_at DESC)', 'visits (account_id, started_at DESC) INCLUDE (title)'),
    code: `SELECT title FROM visits WHERE tenant_id = $1 AND account_id = $2 ORDER BY started_at DESC, id DESC LIMIT 20;`,
  },
  {
    about: 'a time range that the index gives in order',
    code: `SELECT id, kind FROM trail WHERE tenant_id = $1 AND at >= '2025-01-01' AND at < '2025-02-01' ORDER BY at DESC, id DESC LIMIT 500;`,
  },
  {
    about: 'a filter without an index',
    code: `SELECT id, kind FROM trail WHERE tenant_id = $1 AND id > $2 AND kind = $3 ORDER BY id LIMIT 10;\nSELECT count(*) FROM visits WHERE title = $1 AND tenant_id IN ($2, $3);\nSELECT id FROM accounts WHERE name = $1 LIMIT 5;`,
    found: [['unindexed-predicate', 'name = $1']],
  },
  {
    about: 'containment and keys in an index of all operators',
    schema: `${SCHEMA}CREATE TABLE states (id bigint PRIMARY KEY, state jsonb NOT NULL);\nCREATE INDEX states_state ON states USING gin (state);`,
    code: `SELECT id FROM states WHERE state ? 'outline' LIMIT 5;\nSELECT id FROM states WHERE state @> '{"status": "active"}' LIMIT 5;\nEXPLAIN SELECT id FROM states WHERE state @> '{"outline": "x"}';`,
  },
  {
    about: 'the rows that a partial index holds',
    schema: `${SCHEMA}CREATE INDEX visits_open ON visits (tenant_id, started_at DESC) WHERE title = 'open';`,
    code: `SELECT id FROM visits WHERE tenant_id = $1 AND title = 'open' ORDER BY started_at DESC, id DESC LIMIT 20;`,
  },
  {
    about: 'others than those',
    schema: `${SCHEMA.replace(/CREATE INDEX visits_by_tenant.*\n/, '')}CREATE INDEX visits_open ON visits (tenant_id) WHERE title = 'open';`,
    code: `SELECT id FROM visits WHERE tenant_id = $1 AND title = 'closed' LIMIT 20;`,
    found: [['partial-index-mismatch', "title = 'closed'"]],
  },
  { about: 'indexes rebuilt beside writers', code: 'REINDEX INDEX CONCURRENTLY trail_by_time;\nREINDEX TABLE CONCURRENTLY trail;' },
  { about: 'indexes rebuilt under a lock', code: 'REINDEX TABLE trail;', found: [['index-not-concurrent', 'REINDEX TABLE']] },
  { about: 'a range of time of a partitioned table', schema: PARTITIONED, code: `SELECT id FROM events WHERE created_at >= '2025-01-01' AND created_at < '2025-02-01' AND session_id = $1 LIMIT 50;` },
  { about: 'a partitioned table without it', schema: PARTITIONED, code: `SELECT id FROM events WHERE session_id = $1 LIMIT 50;`, found: [['missing-partition-key', 'events']] },
  { about: 'a partition taken out beside readers', schema: PARTITIONED, code: 'ALTER TABLE events DETACH PARTITION events_a CONCURRENTLY;' },
  { about: 'a partition taken out under a lock', schema: PARTITIONED, code: 'ALTER TABLE events DETACH PARTITION events_a;', found: [['lock-timeout-missing', 'ALTER TABLE']] },
  { about: 'partitions of the next months made by a loop, and listed', schema: PARTITIONED, code: `DO $$
DECLARE
    month_date DATE;
BEGIN
    FOR i IN 1..3 LOOP
        month_date := DATE_TRUNC('month', NOW() + (i || ' months')::INTERVAL);
        PERFORM create_events_partition(month_date);
    END LOOP;
END $$;
SELECT inhrelid::regclass AS partition_name, pg_get_expr(relpartbound, inhrelid) FROM pg_inherits WHERE inhparent = 'events'::regclass;` },
  { about: 'statistics and autovacuum of a column and a table', code: 'ANALYZE visits;\nALTER TABLE visits ALTER COLUMN title SET STATISTICS 1000;\nALTER TABLE trail SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);' },
  {
    about: 'counts of one side',
    code: `SELECT v.id, v.title, count(t.id) AS entries FROM visits v LEFT JOIN trail t ON t.tenant_id = v.tenant_id AND t.visit_id = v.id AND t.at > v.started_at WHERE v.tenant_id = $1 AND v.account_id = $2 GROUP BY v.id;`,
  },
  {
    about: 'distinct counts of two sides: the guide calls the product good, and its sums are right',
    schema: `${SCHEMA}CREATE TABLE questions (id bigint PRIMARY KEY, visit_id bigint NOT NULL);\nCREATE INDEX questions_visit ON questions (visit_id);\nCREATE INDEX trail_visit ON trail (tenant_id, visit_id);`,
    code: `SELECT v.id, v.title, count(DISTINCT t.id) AS entries, count(DISTINCT q.id) AS questions FROM visits v LEFT JOIN trail t ON t.visit_id = v.id AND t.tenant_id = v.tenant_id LEFT JOIN questions q ON q.visit_id = v.id WHERE v.tenant_id = $1 AND v.account_id = $2 GROUP BY v.id;`,
  },
  {
    about: 'a page by the time alone: the guide calls it good, and rows of the same time get lost between pages',
    code: `SELECT id, kind FROM trail WHERE tenant_id = $1 AND at < $2 ORDER BY at DESC LIMIT 100;`,
    found: [['unstable-pagination', 'ORDER BY at DESC']],
  },
  {
    about: 'a row of a summary by its key',
    schema: `${SCHEMA}CREATE MATERIALIZED VIEW per_account AS SELECT id AS account_id, length(name) AS n FROM accounts;\nCREATE UNIQUE INDEX per_account_id ON per_account (account_id);`,
    code: `SELECT n FROM per_account WHERE account_id = $1;`,
  },
  {
    about: 'a refresh that a schedule runs, beside readers and not',
    schema: `${SCHEMA}CREATE MATERIALIZED VIEW per_kind AS SELECT kind, count(*) AS n FROM trail GROUP BY kind;\nCREATE UNIQUE INDEX per_kind_kind ON per_kind (kind);`,
    code: `SELECT cron.schedule('a', '0 */6 * * *', $$REFRESH MATERIALIZED VIEW CONCURRENTLY per_kind$$);`,
  },
  {
    about: 'what a server says of itself (some columns that the guide names do not exist)',
    code: `SELECT schemaname, relname, indexrelname, idx_scan, pg_size_pretty(pg_relation_size(indexrelid)) AS size FROM pg_stat_user_indexes WHERE idx_scan < 10 AND schemaname = 'public' ORDER BY pg_relation_size(indexrelid) DESC;
SELECT schemaname, relname, last_analyze, n_live_tup, n_dead_tup FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY last_analyze NULLS FIRST;
SELECT datname, count(*) AS connections, count(*) FILTER (WHERE state = 'active') AS active FROM pg_stat_activity GROUP BY datname;
SELECT pid, now() - query_start AS duration, state, query FROM pg_stat_activity WHERE state <> 'idle' AND query_start < now() - interval '5 minutes' ORDER BY duration DESC;
SELECT query, calls, mean_exec_time FROM pg_stat_statements ORDER BY mean_exec_time DESC LIMIT 20;
SELECT locktype, relation::regclass, mode, pid, granted FROM pg_locks WHERE NOT granted;
SELECT client_addr, state, pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn) AS send_lag FROM pg_stat_replication;
SELECT tablename, pg_size_pretty(pg_total_relation_size(schemaname||'.'||tablename)) FROM pg_tables WHERE schemaname = 'public' ORDER BY pg_total_relation_size(schemaname||'.'||tablename) DESC;
SELECT dependent_view.relname, source_table.relname FROM pg_depend JOIN pg_rewrite ON pg_depend.objid = pg_rewrite.oid JOIN pg_class AS dependent_view ON pg_rewrite.ev_class = dependent_view.oid JOIN pg_class AS source_table ON pg_depend.refobjid = source_table.oid WHERE dependent_view.relname = 'per_kind' AND source_table.relkind = 'r';
SHOW shared_buffers;
SHOW autovacuum_vacuum_scale_factor;
CREATE EXTENSION IF NOT EXISTS pgstattuple;`,
  },
];

describe('advice of performance guides', () => {
  it.each(python.map((form) => [form.found ? 'bad' : 'good', form.about, form] as const))('Python, %s: %s', (_, __, form) => check('python', form));
  it.each(sql.map((form) => [form.found ? 'bad' : 'good', form.about, form] as const))('SQL, %s: %s', (_, __, form) => check('sql', form));
});
