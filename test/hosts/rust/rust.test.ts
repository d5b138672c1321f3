import { describe as group, expect, it } from 'vitest';
import { codeWorkspace, statementsOf } from '../../support/readCommon';

const inFunction = (body: string): string => `use sqlx::PgPool;

const COLUMNS: &str = "id, total";
const FIND: &str = "SELECT id FROM orders WHERE name = $1";

pub struct Orders { pool: PgPool }

impl Orders {
    pub async fn run(&self, id: i64, ids: Vec<i64>, name: &str, client: &Client) -> Result<()> {
        ${body}
        Ok(())
    }

    async fn load(&self, id: i64) -> Result<i64> {
        sqlx::query_scalar!("SELECT total FROM orders WHERE id = $1", id).fetch_one(&self.pool).await
    }
}
`;
const own = 'SELECT total FROM orders WHERE id = $1';

group('SQL text in Rust', () => {
  it.each<[string, string, string[]]>([
    ['query', 'sqlx::query("DELETE FROM orders WHERE id = $1").bind(id).execute(&self.pool).await?;', ['DELETE FROM orders WHERE id = $1']],
    ['query_as', 'let rows = sqlx::query_as::<_, Order>("SELECT id FROM orders WHERE name = $1").bind(name).fetch_all(&mut *tx).await?;', ['SELECT id FROM orders WHERE name = $1']],
    ['query_scalar', 'sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&self.pool).await?;', ['SELECT count(*) FROM orders']],
    ['a checked macro', 'sqlx::query!("SELECT id FROM orders WHERE id = $1", id).fetch_optional(&self.pool).await?;', ['SELECT id FROM orders WHERE id = $1']],
    ['a checked macro with a type', 'sqlx::query_as!(Order, "SELECT id FROM orders WHERE id = $1", id).fetch_one(&self.pool).await?;', ['SELECT id FROM orders WHERE id = $1']],
    ['a raw string', 'sqlx::query(r#"SELECT "id"\n            FROM orders\n            WHERE name = $1"#).bind(name).fetch_all(&self.pool).await?;', ['SELECT "id" FROM orders WHERE name = $1']],
    ['a constant', 'sqlx::query(FIND).bind(name).fetch_all(&self.pool).await?;', ['SELECT id FROM orders WHERE name = $1']],
    ['format!', 'sqlx::query(&format!("SELECT {} FROM orders WHERE total > 5", COLUMNS)).fetch_all(&self.pool).await?;', ['SELECT id, total FROM orders WHERE total > 5']],
    ['format! with a name', 'sqlx::query(&format!("SELECT id FROM {name} WHERE total > 5")).fetch_all(&self.pool).await?;', ['SELECT id FROM WHERE total > 5']],
    ['a query in a variable', 'let query = sqlx::query("SELECT id FROM orders WHERE id = $1").bind(id);\n        query.fetch_one(&self.pool).await?;', ['SELECT id FROM orders WHERE id = $1', 'SELECT id FROM orders WHERE id = $1']],
    ['push_str', 'let mut sql = String::from("SELECT id FROM orders");\n        sql.push_str(" WHERE total > 5");\n        sqlx::query(&sql).fetch_all(&self.pool).await?;', ['SELECT id FROM orders WHERE total > 5']],
    ['escapes and a line continued', 'sqlx::query("SELECT id FROM \\"order\\" \\\n            WHERE total > 5").fetch_all(&self.pool).await?;', ['SELECT id FROM "order" WHERE total > 5']],
    ['a stream', 'let mut rows = sqlx::query("SELECT id FROM orders WHERE total > 5").fetch(&self.pool);', ['SELECT id FROM orders WHERE total > 5']],
    ['tokio-postgres', 'use tokio_postgres::Client;\n        client.query("SELECT id FROM orders WHERE id = $1", &[&id]).await?;', ['SELECT id FROM orders WHERE id = $1']],
    ['diesel', 'diesel::sql_query("SELECT id FROM orders WHERE id = $1").bind::<BigInt, _>(id).load(conn)?;', ['SELECT id FROM orders WHERE id = $1']],
  ])('%s', async (_name, body, expected) => {
    expect(await statementsOf('src/orders.rs', inFunction(body))).toEqual([...expected, own]);
  });

  it.each<[string, string]>([
    ['a log line', 'info!("SELECT id FROM orders WHERE id = {}", id);'],
    ['an error', 'return Err(anyhow!("select id from orders"));'],
    ['prose', 'println!("Select a plan from the list");'],
    ['a text alone', 'let sql = "SELECT id FROM orders";'],
    ['an iterator', 'ids.iter().first();'],
  ])('%s is none', async (_name, body) => {
    expect(await statementsOf('src/orders.rs', inFunction(body))).toEqual([own]);
  });

  it('takes a builder of another function for another', async () => {
    const text = 'use sqlx::{Postgres, QueryBuilder};\nasync fn add(pool: &PgPool) {\n    let mut qb: QueryBuilder<Postgres> = QueryBuilder::new("INSERT INTO a (id) ");\n    qb.push_values(ids, |mut b, i| { b.push_bind(i); });\n    let send = || { qb.build().execute(pool) };\n}\nasync fn list(pool: &PgPool) {\n    let mut qb: QueryBuilder<Postgres> = QueryBuilder::new("SELECT id FROM a");\n    qb.build().fetch_all(pool).await;\n}\n';
    expect(await statementsOf('src/a.rs', text)).toEqual(['(opaque)', 'SELECT id FROM a']);
  });

  it('speaks of nothing in files of another database', async () => {
    expect(await statementsOf('a.rs', 'use sqlx::SqlitePool;\nasync fn f(pool: &SqlitePool) { sqlx::query("SELECT id FROM orders").fetch_all(pool).await; }')).toEqual([]);
    expect(await statementsOf('a.rs', 'async fn f(pool: &Pool) { sqlx::query("SELECT id FROM orders WHERE id = ?").fetch_all(pool).await; }')).toEqual([]);
  });
});

group('positions', () => {
  it('underlines the offset in raw strings and behind escapes', async () => {
    const workspace = await codeWorkspace({ 'a.rs': '// 😀\nasync fn f(pool: &PgPool, page: i64) {\n    sqlx::query(r#"SELECT "id" /* 😀 */ FROM orders ORDER BY id LIMIT 20 OFFSET $1"#).bind(page).fetch_all(pool).await;\n    sqlx::query!("SELECT id FROM \\"order\\" ORDER BY id LIMIT 20 OFFSET $1", page).fetch_all(pool).await;\n}\n' });
    expect(workspace.lint('a.rs', 'offset-pagination')).toEqual(['offset-pagination: OFFSET $1', 'offset-pagination: OFFSET $1']);
  });
});

group('loops', () => {
  it.each<[string, string, string[]]>([
    ['for', 'for one in &ids {\n            sqlx::query("DELETE FROM orders WHERE id = $1").bind(one).execute(&self.pool).await?;\n        }', ['sqlx::query']],
    ['a macro', 'for one in ids.iter() {\n            sqlx::query!("DELETE FROM orders WHERE id = $1", one).execute(&self.pool).await?;\n        }', ['sqlx::query']],
    ['through a method', 'for one in ids {\n            let total = self.load(one).await?;\n        }', ['self.load']],
    ['map', 'let all = ids.iter().map(|one| self.load(*one)).collect::<Vec<_>>();\n        join_all(all).await;', ['self.load']],
    ['rows', 'let mut rows = sqlx::query("SELECT id FROM orders WHERE total > 5").fetch(&self.pool);\n        while let Some(row) = rows.try_next().await? {\n            self.load(row.get(0)).await?;\n        }', ['self.load']],
    ['chunks', 'for chunk in ids.chunks(100) {\n            sqlx::query("DELETE FROM orders WHERE id = ANY($1)").bind(chunk).execute(&self.pool).await?;\n        }', []],
    ['a literal list', 'for kind in ["a", "b"] {\n            sqlx::query("DELETE FROM orders WHERE kind = $1").bind(kind).execute(&self.pool).await?;\n        }', []],
    ['a fixed range', 'for i in 0..3 {\n            self.load(i).await?;\n        }', []],
    ['retries', 'for attempt in 0..max_attempts {\n            self.load(attempt).await?;\n        }', []],
    ['the first hit', 'for one in ids {\n            return self.load(one).await;\n        }', []],
  ])('%s', async (_name, body, expected) => {
    expect((await codeWorkspace({ 'src/orders.rs': inFunction(body) })).loops('src/orders.rs')).toEqual(expected);
  });
});
