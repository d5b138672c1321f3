import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { codeWorkspace } from '../support/readCommon';

const go = (body: string, imports = '"github.com/jackc/pgx/v5"'): readonly [string, string] => ['a/a.go', `package a\n\nimport (\n\t"context"\n\t${imports}\n)\n\ntype Store struct {\n\tpool *pgxpool.Pool\n\tdb   *gorm.DB\n\tsdb  *sql.DB\n}\n\nfunc (s *Store) run(ctx context.Context, ids []int64, users []User, names map[string]int, log Logger) error {\n\t${body}\n\treturn nil\n}\n`];
const java = (body: string): readonly [string, string] => ['A.java', `package a;\nimport org.springframework.jdbc.core.JdbcTemplate;\nclass A {\n  private JdbcTemplate jdbc;\n  private OrderRepository orders;\n  void run(List<Order> list, Order[] array, long team) {\n    ${body}\n  }\n}\n`];
const cs = (body: string): readonly [string, string] => ['A.cs', `using System.Linq;\nusing Npgsql;\nusing Dapper;\nusing Microsoft.EntityFrameworkCore;\nnamespace X;\nclass A {\n  NpgsqlConnection _conn;\n  ShopContext _db;\n  async Task Run(List<long> ids, List<Order> orders, IEnumerable<long> lazy) {\n    ${body}\n  }\n}\nclass ShopContext : DbContext {\n  public DbSet<Order> Orders { get; set; }\n}\n`];
const php = (body: string): readonly [string, string] => ['A.php', `<?php\nuse Illuminate\\Support\\Facades\\DB;\nclass A {\n  public function run(array $rows, $items) {\n    ${body}\n  }\n}\n`];
const rs = (body: string, use = 'use sqlx::PgPool;'): readonly [string, string] => ['src/a.rs', `${use}\nasync fn run(pool: &PgPool, client: &Client, conn: &mut AsyncPgConnection, ids: Vec<i64>, part: &[i64], rows: Vec<NewUser>) -> Result<()> {\n    ${body}\n    Ok(())\n}\n`];

/** A loop, and what stands in its place; none: the finding has no fix. */
const cases: readonly (readonly [what: string, file: readonly [string, string], from: string, to: string | undefined])[] = [
  ['gorm: Create', go('for _, user := range users {\n\t\tif err := s.db.Create(&user).Error; err != nil {\n\t\t\treturn err\n\t\t}\n\t}', '"gorm.io/gorm"'), 'for _, user := range users {\n\t\tif err := s.db.Create(&user).Error; err != nil {\n\t\t\treturn err\n\t\t}\n\t}', 'if err := s.db.CreateInBatches(users, 1000).Error; err != nil {\n\t\treturn err\n\t}'],
  ['gorm: an error is left to each row', go('for _, user := range users {\n\t\ts.db.Create(&user)\n\t}', '"gorm.io/gorm"'), '', undefined],
  ['gorm: an error is only logged', go('for _, user := range users {\n\t\tif err := s.db.Create(&user).Error; err != nil {\n\t\t\tlog.Print(err)\n\t\t}\n\t}', '"gorm.io/gorm"'), '', undefined],
  ['gorm: the error names the row', go('for _, user := range users {\n\t\tif err := s.db.Create(&user).Error; err != nil {\n\t\t\treturn fmt.Errorf("%d: %w", user.ID, err)\n\t\t}\n\t}', '"gorm.io/gorm"'), '', undefined],
  ['pgx: a delete by key', go('for _, id := range ids {\n\t\tif _, err := s.pool.Exec(ctx, "DELETE FROM users WHERE id = $1", id); err != nil {\n\t\t\treturn err\n\t\t}\n\t}'), 'for _, id := range ids {\n\t\tif _, err := s.pool.Exec(ctx, "DELETE FROM users WHERE id = $1", id); err != nil {\n\t\t\treturn err\n\t\t}\n\t}', 'if _, err := s.pool.Exec(ctx, "DELETE FROM users WHERE id = ANY($1)", ids); err != nil {\n\t\treturn err\n\t}'],
  ['database/sql with lib/pq', go('for _, id := range ids {\n\t\tif _, err := s.sdb.ExecContext(ctx, `UPDATE users SET seen = true WHERE id = $1`, id); err != nil {\n\t\t\treturn fmt.Errorf("seen: %w", err)\n\t\t}\n\t}', '"github.com/lib/pq"'), 's.sdb.ExecContext(ctx, `UPDATE users SET seen = true WHERE id = $1`, id)', 'if _, err := s.sdb.ExecContext(ctx, `UPDATE users SET seen = true WHERE id = ANY($1)`, pq.Array(ids))'],
  ['database/sql with a driver that is not known', go('for _, id := range ids {\n\t\tif _, err := s.sdb.ExecContext(ctx, `DELETE FROM users WHERE id = $1`, id); err != nil {\n\t\t\treturn err\n\t\t}\n\t}', '"database/sql"'), '', undefined],
  ['pgx: a counter', go('for _, id := range ids {\n\t\tif _, err := s.pool.Exec(ctx, "UPDATE users SET n = n + 1 WHERE id = $1", id); err != nil {\n\t\t\treturn err\n\t\t}\n\t}'), '', undefined],
  ['pgx: the keys of a map', go('for name := range names {\n\t\tif _, err := s.pool.Exec(ctx, "DELETE FROM users WHERE name = $1", name); err != nil {\n\t\t\treturn err\n\t\t}\n\t}'), '', undefined],
  ['Spring Data: save', java('for (Order order : list) {\n      orders.save(order);\n    }'), 'for (Order order : list) {\n      orders.save(order);\n    }', 'orders.saveAll(list);'],
  ['Spring Data: save in forEach', java('list.forEach(order -> orders.save(order));'), 'list.forEach(order -> orders.save(order));', 'orders.saveAll(list);'],
  ['Spring Data: an array', java('for (Order order : array) {\n      orders.save(order);\n    }'), '', undefined],
  ['Spring Data: more in the body', java('for (Order order : list) {\n      order.setSeen(true);\n      orders.save(order);\n    }'), '', undefined],
  ['JdbcTemplate: update', java('for (Order order : list) {\n      jdbc.update("INSERT INTO seen (order_id, kind) VALUES (?, ?)", order.getId(), "web");\n    }'), 'for (Order order : list) {\n      jdbc.update("INSERT INTO seen (order_id, kind) VALUES (?, ?)", order.getId(), "web");\n    }', 'jdbc.batchUpdate("INSERT INTO seen (order_id, kind) VALUES (?, ?)", list.stream().map(order -> new Object[] { order.getId(), "web" }).toList());'],
  ['JdbcTemplate: a value that is computed', java('for (Order order : list) {\n      jdbc.update("DELETE FROM seen WHERE order_id = ?", next(order));\n    }'), '', undefined],
  ['JdbcTemplate: the count is used', java('int n = 0;\n    for (Order order : list) {\n      n += jdbc.update("DELETE FROM seen WHERE order_id = ?", order.getId());\n    }'), '', undefined],
  ['Dapper: a delete by a property', cs('foreach (var order in orders) {\n      await _conn.ExecuteAsync("DELETE FROM lines WHERE order_id = @Id", new { order.Id });\n    }'), 'foreach (var order in orders) {\n      await _conn.ExecuteAsync("DELETE FROM lines WHERE order_id = @Id", new { order.Id });\n    }', 'await _conn.ExecuteAsync("DELETE FROM lines WHERE order_id = ANY(@Id)", new { Id = orders.Select(order => order.Id).ToArray() });'],
  ['Dapper: the element itself', cs('foreach (var id in ids)\n      await _conn.ExecuteAsync("DELETE FROM lines WHERE order_id = @key", new { key = id });'), 'foreach (var id in ids)\n      await _conn.ExecuteAsync("DELETE FROM lines WHERE order_id = @key", new { key = id });', 'await _conn.ExecuteAsync("DELETE FROM lines WHERE order_id = ANY(@key)", new { key = ids });'],
  ['Dapper: what can be walked once', cs('foreach (var id in lazy) {\n      await _conn.ExecuteAsync("DELETE FROM lines WHERE order_id = @id", new { id });\n    }'), '', undefined],
  ['EF Core: SaveChanges in each turn', cs('foreach (var order in orders) {\n      order.Seen = true;\n      await _db.SaveChangesAsync();\n    }'), 'foreach (var order in orders) {\n      order.Seen = true;\n      await _db.SaveChangesAsync();\n    }', 'foreach (var order in orders) {\n      order.Seen = true;\n    }\n    await _db.SaveChangesAsync();'],
  ['EF Core: a turn that may end before', cs('foreach (var order in orders) {\n      if (order.Seen) continue;\n      order.Seen = true;\n      await _db.SaveChangesAsync();\n    }'), '', undefined],
  ['Laravel: insert', php("foreach ($rows as $row) {\n      DB::table('seen')->insert(['order_id' => $row['id'], 'kind' => 'web']);\n    }"), "foreach ($rows as $row) {\n      DB::table('seen')->insert(['order_id' => $row['id'], 'kind' => 'web']);\n    }", "DB::table('seen')->insert(array_map(fn ($row) => ['order_id' => $row['id'], 'kind' => 'web'], $rows));"],
  ['Laravel: what is walked may be a collection', php("foreach ($items as $item) {\n      DB::table('seen')->insert(['order_id' => $item->id]);\n    }"), "foreach ($items as $item) {\n      DB::table('seen')->insert(['order_id' => $item->id]);\n    }", "DB::table('seen')->insert(collect($items)->map(fn ($item) => ['order_id' => $item->id])->all());"],
  ['Laravel: what counts is no row of its own', php("$i = 0;\n    foreach ($rows as $row) {\n      DB::table('seen')->insert(['order_id' => $row['id'], 'position' => $i++]);\n    }"), '', undefined],
  ['Laravel: insertGetId', php("foreach ($rows as $row) {\n      DB::table('seen')->insertGetId(['order_id' => $row['id']]);\n    }"), '', undefined],
  ['sqlx: a delete by key', rs('for id in &ids {\n        sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(pool).await?;\n    }'), 'for id in &ids {\n        sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(pool).await?;\n    }', 'sqlx::query("DELETE FROM users WHERE id = ANY($1)").bind(&ids[..]).execute(pool).await?;'],
  ['sqlx: a checked macro', rs('for id in part {\n        sqlx::query!("DELETE FROM users WHERE id = $1", id).execute(pool).await?;\n    }'), 'sqlx::query!("DELETE FROM users WHERE id = $1", id)', 'sqlx::query!("DELETE FROM users WHERE id = ANY($1)", &part[..])'],
  ['sqlx: an error is left to each row', rs('for id in &ids {\n        let _ = sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(pool).await;\n    }'), '', undefined],
  ['tokio-postgres', rs('for id in ids.iter() {\n        client.execute("DELETE FROM users WHERE id = $1", &[&id]).await?;\n    }', 'use tokio_postgres::Client;'), 'client.execute("DELETE FROM users WHERE id = $1", &[&id])', 'client.execute("DELETE FROM users WHERE id = ANY($1)", &[&ids])'],
  ['diesel: rows', rs('for row in &rows {\n        diesel::insert_into(users::table).values(row).execute(conn).await?;\n    }', 'use diesel::prelude::*;'), 'for row in &rows {\n        diesel::insert_into(users::table).values(row).execute(conn).await?;\n    }', 'diesel::insert_into(users::table).values(&rows).execute(conn).await?;'],
  ['diesel: an upsert of the same key twice would fail', rs('for row in &rows {\n        diesel::insert_into(users::table).values(row).on_conflict(users::id).do_update().set(row).execute(conn).await?;\n    }', 'use diesel::prelude::*;'), '', undefined],
];

describe('writes in loops, in the languages that share a reader', () => {
  it.each(cases)('%s', async (_, [path, text], from, to) => {
    const found = (await codeWorkspace({ [path]: text })).findings(path).filter((finding) => finding.rule === 'write-in-loop');
    expect(found).toHaveLength(1);
    const fixes = found[0]?.fixes() ?? [];
    expect(fixes.map((fix) => fix.kind)).toEqual(to === undefined ? [] : ['review']);
    const [fix] = fixes;
    if (!fix || to === undefined) return;
    const fixed = applyEdits(text, fix.edits);
    if (from.startsWith('for') || from.startsWith('list')) expect(fixed).toBe(text.replace(from, () => to));
    else expect(fixed).toContain(to);
    const after = await codeWorkspace({ [path]: fixed ?? '' });
    expect(after.file(path).errors).toEqual([]);
    expect(after.lint(path, 'write-in-loop', 'n-plus-one')).toEqual([]);
  });
});

/** With a schema: rows of values by `unnest`. */
const schema = 'CREATE TABLE seen (order_id bigint NOT NULL, kind text NOT NULL, data jsonb);';
const inserts: readonly (readonly [what: string, file: readonly [string, string], from: string, to: string | undefined])[] = [
  ['Dapper', cs('foreach (var order in orders) {\n      await _conn.ExecuteAsync("INSERT INTO seen (order_id, kind) VALUES (@Id, @Kind)", new { order.Id, order.Kind });\n    }'), 'foreach (var order in orders) {\n      await _conn.ExecuteAsync("INSERT INTO seen (order_id, kind) VALUES (@Id, @Kind)", new { order.Id, order.Kind });\n    }', 'await _conn.ExecuteAsync("INSERT INTO seen (order_id, kind) SELECT * FROM unnest(@Id::bigint[], @Kind::text[])", new { Id = orders.Select(order => order.Id).ToArray(), Kind = orders.Select(order => order.Kind).ToArray() });'],
  ['pgx, with a constant beside the key', go('for _, id := range ids {\n\t\tif _, err := s.pool.Exec(ctx, "INSERT INTO seen (order_id, kind) VALUES ($1, \'web\') ON CONFLICT DO NOTHING", id); err != nil {\n\t\t\treturn err\n\t\t}\n\t}'), 'x', "INSERT INTO seen (order_id, kind) SELECT u.v1, 'web' FROM unnest($1::bigint[]) AS u(v1) ON CONFLICT DO NOTHING\", ids)"],
  ['sqlx', rs('for id in &ids {\n        sqlx::query("INSERT INTO seen (order_id, kind) VALUES ($1, \'web\')").bind(id).execute(pool).await?;\n    }'), 'x', "sqlx::query(\"INSERT INTO seen (order_id, kind) SELECT u.v1, 'web' FROM unnest($1::bigint[]) AS u(v1)\").bind(&ids[..]).execute(pool).await?;"],
  ['an upsert', cs('foreach (var order in orders) {\n      await _conn.ExecuteAsync("INSERT INTO seen (order_id, kind) VALUES (@Id, @Kind) ON CONFLICT (order_id) DO UPDATE SET kind = EXCLUDED.kind", new { order.Id, order.Kind });\n    }'), '', undefined],
  ['a type that no array carries', cs('foreach (var order in orders) {\n      await _conn.ExecuteAsync("INSERT INTO seen (order_id, data) VALUES (@Id, @Data)", new { order.Id, order.Data });\n    }'), '', undefined],
  ['a column that is not known', cs('foreach (var order in orders) {\n      await _conn.ExecuteAsync("INSERT INTO seen (order_id, other) VALUES (@Id, @Kind)", new { order.Id, order.Kind });\n    }'), '', undefined],
];

describe('rows of values, where the schema tells their types', () => {
  it.each(inserts)('%s', async (_, [path, text], from, to) => {
    const found = (await codeWorkspace({ [path]: text }, schema)).findings(path).filter((finding) => finding.rule === 'write-in-loop');
    expect(found).toHaveLength(1);
    const [fix] = found[0]?.fixes() ?? [];
    const fixed = fix && applyEdits(text, fix.edits);
    if (to === undefined) expect(fix).toBeUndefined();
    else if (from === 'x') expect(fixed).toContain(to);
    else expect(fixed).toBe(text.replace(from, () => to));
    if (fixed === undefined) return;
    const after = await codeWorkspace({ [path]: fixed }, schema);
    expect(after.file(path).errors).toEqual([]);
    expect(after.lint(path, 'write-in-loop', 'n-plus-one', 'syntax-error')).toEqual([]);
  });
});
