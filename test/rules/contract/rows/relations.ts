import type { Clauses } from '../../../support/contract';
import { django, drizzle, knex, kysely, pg, sqlalchemy } from './hosts';
import { unknown } from './section';

const planner = true;
const live = [1, 2, 3].map((i) => `SELECT name FROM users WHERE age = ${i} AND deleted_at IS NULL;\n`).join('');
const enough = 'SELECT name FROM users WHERE team_id = 9';

/** How the tables of a query go together, and what it writes. */
export const relations: Clauses = {
  'missing-soft-delete-filter': [
    ['fires on a read without the condition that the workspace usually has', `${live}${enough}`, 'hint/schema/review'],
    ['silent where the workspace seldom filters', enough, 'silent'],
    ['silent on queries on the trash itself', `${live}SELECT name FROM users WHERE deleted_at IS NOT NULL`, 'silent'],
    ['silent on restores', `${live}UPDATE users SET deleted_at = NULL WHERE id = $1`, 'silent'],
    ['silent on views that already filter', { code: live.replaceAll('users', 'all_users') + 'SELECT name FROM users WHERE team_id = 9', schema: 'CREATE TABLE all_users (id bigint PRIMARY KEY, team_id bigint, age int, name text, deleted_at timestamptz); CREATE VIEW users AS SELECT id, team_id, name FROM all_users WHERE deleted_at IS NULL;' }, 'silent'],
    ['needs schema: none', { code: `${live}${enough}`, schema: '' }, 'silent'],
  ],
  'correlated-subquery': [
    ['fires on a scalar sub-query in the SELECT list', { code: 'SELECT u.id, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u', planner }, 'warning/planner/review'],
    ['fires on one in WHERE', { code: 'SELECT u.id FROM users u WHERE (SELECT sum(o.total) FROM orders o WHERE o.user_id = u.id) > 100', planner }, 'warning/planner/review'],
    ['needs text → planner: no planner', 'SELECT u.id, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u', 'hint/text/review'],
    ['needs text → planner: no schema', { code: 'SELECT u.id, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u', schema: '', ...unknown }, 'hint/text/text'],
    ['host: Django Subquery', django("class Order(models.Model):\n    user = models.ForeignKey(User, on_delete=models.CASCADE)\n    total = models.IntegerField()\n\n    class Meta:\n        db_table = 'orders'\n\n\ndef totals():\n    from django.db.models import OuterRef, Subquery\n    last = Order.objects.filter(user=OuterRef('pk')).order_by('-id').values('total')[:1]\n    return list(User.objects.annotate(last=Subquery(last)))"), 'hint/text/text'],
    ['silent on uncorrelated ones', { code: 'SELECT u.id, (SELECT count(*) FROM orders o) FROM users u', planner }, 'silent'],
    ['silent where the outer is one row', { code: 'SELECT u.id, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE u.id = $1', planner }, 'silent'],
    ['silent on EXISTS', { code: 'SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)', planner }, 'silent'],
  ],
  'fan-out-aggregate': [
    ['fires on two to-many joins below an aggregate', 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id JOIN visits v ON v.user_id = u.id GROUP BY u.id', 'warning/schema/review'],
    ['fires on counts of both sides', 'SELECT u.id, count(o.id), count(v.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id LEFT JOIN visits v ON v.user_id = u.id GROUP BY u.id', 'warning/schema/review'],
    ['silent on distinct counts: the sums are right, if slow', 'SELECT u.id, count(DISTINCT o.id), count(DISTINCT v.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id LEFT JOIN visits v ON v.user_id = u.id GROUP BY u.id', 'silent'],
    ['needs schema: none', { code: 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id JOIN visits v ON v.user_id = u.id GROUP BY u.id', schema: '' }, 'silent'],
    ['silent on joins to a unique key', 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id JOIN profiles p ON p.user_id = u.id GROUP BY u.id', 'silent'],
    ['silent on one to-many join', 'SELECT u.id, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.id', 'silent'],
  ],
  'distinct-hides-fan-out': [
    ['fires on DISTINCT over a to-many join whose columns are not selected', 'SELECT DISTINCT u.id, u.name FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 5', 'info/schema/review'],
    ['host: Django distinct()', django("class Order(models.Model):\n    user = models.ForeignKey(User, on_delete=models.CASCADE)\n    total = models.IntegerField()\n\n    class Meta:\n        db_table = 'orders'\n\n\ndef buyers():\n    return list(User.objects.filter(order__total__gt=5).distinct())"), 'info/schema/text'],
    ['silent where its columns are selected', 'SELECT DISTINCT u.id, o.note FROM users u JOIN orders o ON o.user_id = u.id', 'silent'],
    ['silent on a join to a unique key', 'SELECT DISTINCT u.name FROM users u JOIN profiles p ON p.user_id = u.id', 'silent'],
    ['needs schema: none', { code: 'SELECT DISTINCT u.id FROM users u JOIN orders o ON o.user_id = u.id', schema: '' }, 'silent'],
  ],
  'not-in-subquery': [
    ['fires, fix safe where both sides are NOT NULL', 'SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders)', 'warning/schema/safe'],
    ['fires, fix review where one may be NULL', 'SELECT id FROM users WHERE name NOT IN (SELECT note FROM orders)', 'warning/schema/review'],
    ['needs text → schema: none', { code: 'SELECT id FROM users WHERE name NOT IN (SELECT note FROM orders)', schema: '', ...unknown }, 'info/text/text'],
    ['host: SQLAlchemy not_in', sqlalchemy('class Order(Base):\n    __tablename__ = "orders"\n    id: Mapped[int] = mapped_column(primary_key=True)\n    note: Mapped[str | None]\n\n\ndef others(session: Session):\n    return session.scalars(select(User).where(User.name.not_in(select(Order.note))).limit(9)).all()'), 'warning/schema/text'],
    ['host: Django exclude', django("class Order(models.Model):\n    note = models.TextField(null=True)\n\n    class Meta:\n        db_table = 'orders'\n\n\ndef others():\n    return list(User.objects.exclude(name__in=Order.objects.values('note'))[:9])"), 'warning/schema/text'],
    ['silent on a list of constants', "SELECT id FROM users WHERE name NOT IN ('a', 'b')", 'silent'],
  ],
  'union-dedup': [
    ['fires on branches that are provably disjoint, fix safe', "SELECT 'o', id FROM orders UNION SELECT 'v', id FROM visits", 'warning/statistics/safe'],
    ['fires on branches held apart by their conditions', 'SELECT id FROM users WHERE age < 18 UNION SELECT id FROM users WHERE age >= 18', 'warning/statistics/safe'],
    ['fires on a domain over an enum', { code: "SELECT id FROM users WHERE state = 'a' UNION SELECT id FROM users WHERE state = 'b'", schema: `CREATE TYPE st AS ENUM ('a', 'b'); CREATE DOMAIN stage AS st; ${'CREATE TABLE users (id bigint PRIMARY KEY, state stage NOT NULL);'}` }, 'warning/statistics/safe'],
    ['silent on branches that may overlap', 'SELECT id FROM users WHERE age < 18 UNION SELECT id FROM users WHERE age > 10', 'silent'],
    ['silent on branches that are not unique', "SELECT 'o', user_id FROM orders UNION SELECT 'v', user_id FROM visits", 'silent'],
    ['silent on UNION ALL', "SELECT 'o', id FROM orders UNION ALL SELECT 'v', id FROM visits", 'silent'],
    ['needs schema: none', { code: "SELECT 'o', id FROM orders UNION SELECT 'v', id FROM visits", schema: '' }, 'silent'],
  ],
  'or-across-columns': [
    ['fires on OR over columns of which one has no index, fix new', { code: 'SELECT id FROM users WHERE age = $1 OR day = $2', planner }, 'warning/planner/new'],
    ['fires on OR over two tables, fix review', { code: 'SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1 OR u.email = $2', planner }, 'warning/planner/review'],
    ['needs schema → planner: none', 'SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1 OR u.email = $2', 'hint/schema/review'],
    ['host: SQLAlchemy or_', sqlalchemy('def find(session: Session, n: int, q: str):\n    return session.scalars(select(User).where(or_(User.team_id == n, User.name == q)).limit(9)).all()', { planner }), 'warning/planner/new'],
    ['host: Django Q', django("def find(n, q):\n    return list(User.objects.filter(models.Q(team_id=n) | models.Q(name=q))[:9])", { planner }), 'warning/planner/new'],
    ['silent where both sides are indexed (BitmapOr)', { code: 'SELECT id FROM users WHERE age = $1 OR name = $2', planner }, 'silent'],
  ],
  'materialized-cte-fence': [
    ['fires on AS MATERIALIZED', { code: 'WITH c AS MATERIALIZED (SELECT id, age FROM users) SELECT age FROM c WHERE id = $1', planner }, 'warning/planner/review'],
    ['fires on a CTE that is used twice', { code: 'WITH c AS (SELECT id, age FROM users) SELECT a.age, b.age FROM c a, c b WHERE a.id = $1 AND b.id = $2', planner }, 'warning/planner/review'],
    ['needs planner: none', 'WITH c AS MATERIALIZED (SELECT id, age FROM users) SELECT age FROM c WHERE id = $1', 'silent'],
    ['silent without a selective predicate', { code: 'WITH c AS MATERIALIZED (SELECT id, age FROM users) SELECT age FROM c', planner }, 'silent'],
    ['silent on a CTE that is used once', { code: 'WITH c AS (SELECT id, age FROM users) SELECT age FROM c WHERE id = $1', planner }, 'silent'],
  ],
  'cartesian-join': [
    ['fires on tables that are never linked', 'SELECT u.id, o.id FROM users u, orders o WHERE u.age = 3', 'warning/statistics/text'],
    ['silent on CROSS JOIN, which says that it is meant', 'SELECT u.id, o.id FROM users u CROSS JOIN orders o', 'silent'],
    ['needs text', { code: 'SELECT u.id, o.id FROM users u, orders o WHERE u.age = 3', schema: '', ...unknown }, 'info/text/text'],
    ['silent on single-row sides', 'SELECT u.id, o.id FROM users u, orders o WHERE u.id = $1 AND o.id = $2', 'silent'],
    ['silent on a single-row sub-query', 'SELECT u.id, t.n FROM users u, (SELECT count(*) AS n FROM orders) t', 'silent'],
    ['silent on LATERAL', 'SELECT u.id, o.id FROM users u, LATERAL (SELECT id FROM orders WHERE user_id = u.id LIMIT 3) o', 'silent'],
    ['silent on generate_series', 'SELECT u.id, n FROM users u, generate_series(1, 3) n', 'silent'],
  ],
  'between-timestamps': [
    ['fires on BETWEEN on timestamps', "SELECT id FROM users WHERE created_at BETWEEN '2024-01-01' AND '2024-01-31'", 'warning/schema/review'],
    ["fires on <= 23:59:59", "SELECT id FROM users WHERE created_at >= '2024-01-01' AND created_at <= '2024-01-31 23:59:59'", 'warning/schema/review'],
    ['silent on dates', "SELECT id FROM users WHERE day BETWEEN '2024-01-01' AND '2024-01-31'", 'silent'],
    ['silent on a half-open range', "SELECT id FROM users WHERE created_at >= '2024-01-01' AND created_at < '2024-02-01'", 'silent'],
    ['needs schema: none', { code: "SELECT id FROM users WHERE created_at BETWEEN '2024-01-01' AND '2024-01-31'", schema: '' }, 'silent'],
  ],
  'write-without-where': [
    ['fires on UPDATE with no WHERE', 'UPDATE users SET age = 3', 'warning/text/text'],
    ['fires on DELETE with no WHERE', 'DELETE FROM users', 'warning/text/text'],
    ['fires on a tautology', 'DELETE FROM users WHERE 1 = 1', 'error/text/text'],
    ['needs text', { code: 'DELETE FROM users', schema: '', ...unknown }, 'warning/text/text'],
    ['silent on temp tables', 'CREATE TEMP TABLE work (id int);\nDELETE FROM work', 'silent'],
    ['a back-fill of a column of the same file: batching is advised instead', { code: 'ALTER TABLE users ADD COLUMN grade int;\nUPDATE users SET grade = 3;', path: 'migrations/0002_grade.sql' }, 'info/text/text'],
    ['another UPDATE of a migration: batching is advised instead', { code: 'ALTER TABLE users ADD COLUMN grade int;\nUPDATE users SET age = 3;', path: 'migrations/0002_grade.sql' }, 'info/text/text'],
    ['host: pg', pg("return pool.query('DELETE FROM users');"), 'warning/text/text'],
  ],
  'queue-without-skip-locked': [
    ['fires on FOR UPDATE + ORDER BY + LIMIT', 'SELECT id FROM orders WHERE note IS NULL ORDER BY id LIMIT 1 FOR UPDATE', 'info/text/review'],
    ['needs text', { code: 'SELECT id FROM orders WHERE note IS NULL ORDER BY id LIMIT 1 FOR UPDATE', schema: '', ...unknown }, 'info/text/review'],
    ['silent with SKIP LOCKED', 'SELECT id FROM orders WHERE note IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED', 'silent'],
    ['silent with NOWAIT', 'SELECT id FROM orders WHERE note IS NULL ORDER BY id LIMIT 1 FOR UPDATE NOWAIT', 'silent'],
    ['silent without LIMIT', 'SELECT id FROM orders WHERE note IS NULL ORDER BY id FOR UPDATE', 'silent'],
    ['host: SQLAlchemy with_for_update', sqlalchemy('def take(session: Session):\n    return session.scalars(select(User).order_by(User.id).limit(1).with_for_update()).first()'), 'info/text/review'],
    ['host: SQLAlchemy with_for_update(skip_locked=True)', sqlalchemy('def take(session: Session):\n    return session.scalars(select(User).order_by(User.id).limit(1).with_for_update(skip_locked=True)).first()'), 'silent'],
    ['host: drizzle for update', drizzle("return db.select({ id: users.id }).from(users).orderBy(users.id).limit(1).for('update');"), 'info/text/review'],
    ['host: knex forUpdate', knex("return db('users').select('id').orderBy('id').limit(1).forUpdate();"), 'info/text/review'],
    ['host: kysely forUpdate', kysely("return db.selectFrom('users').select('id').orderBy('id').limit(1).forUpdate().execute();"), 'info/text/review'],
    ['host: Django select_for_update', django("def take():\n    return User.objects.select_for_update().order_by('id')[0]"), 'info/text/review'],
  ],
};
