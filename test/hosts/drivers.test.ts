import { describe as group, expect, it } from 'vitest';
import { codeWorkspace, describe } from '../support/readCommon';

/** Imports, a function's body, its queries (where, what for, text; `…`: more may be added), and which of them run per element. */
type Row = readonly [head: string, body: string, sites: readonly string[], loops: readonly string[]];

const goRows: readonly Row[] = [
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'rows, _ := pool.Query(ctx, "SELECT id FROM users WHERE team_id = $1", id)\n\tusers, err := pgx.CollectRows(rows, pgx.RowToStructByName[User])', ['pool.Query read: SELECT id FROM users WHERE team_id = $1'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'rows, _ := conn.Query(ctx, "SELECT id FROM users WHERE team_id = @team", pgx.NamedArgs{"team": id})', ['conn.Query read: SELECT id FROM users WHERE team_id = @team'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'n, err := conn.CopyFrom(ctx, pgx.Identifier{"users"}, []string{"id", "name"}, pgx.CopyFromRows(rows))', ['conn.CopyFrom write …: (opaque)'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'for _, u := range users {\n\t\tconn.CopyFrom(ctx, pgx.Identifier{"users"}, []string{"id"}, pgx.CopyFromRows(u.Rows))\n\t}', ['conn.CopyFrom write …: (opaque)'], ['conn.CopyFrom']],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'batch := &pgx.Batch{}\n\tfor _, id := range ids {\n\t\tbatch.Queue("UPDATE users SET seen = true WHERE id = $1", id)\n\t}\n\tbr := pool.SendBatch(ctx, batch)\n\tfor range ids {\n\t\tbr.Exec()\n\t}', ['batch.Queue builds: UPDATE users SET seen = true WHERE id = $1'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'var b pgx.Batch\n\tfor _, id := range ids {\n\t\tb.Queue("SELECT 1 FROM t WHERE id = $1", id).QueryRow(func(row pgx.Row) error { return nil })\n\t}\n\tpool.SendBatch(ctx, &b).Close()', ['b.Queue builds: SELECT 1 FROM t WHERE id = $1'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {\n\t\t_, err := tx.Exec(ctx, "DELETE FROM users WHERE id = $1", id)\n\t\treturn err\n\t})', ['tx.Exec write: DELETE FROM users WHERE id = $1'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'tx, err := pool.BeginTx(ctx, pgx.TxOptions{})\n\ttx.QueryRow(ctx, "SELECT id FROM users WHERE id = $1 FOR UPDATE", id).Scan(&id)', ['tx.QueryRow read: SELECT id FROM users WHERE id = $1 FOR UPDATE'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'c, err := pool.Acquire(ctx)\n\tc.Exec(ctx, "SELECT pg_notify($1, $2)", "x", "y")', ['c.Exec read: SELECT pg_notify($1, $2)'], []],
  ['"github.com/jackc/pgx/v5"|"github.com/jackc/pgx/v5/pgxpool"', 'pgxscan.Select(ctx, pool, &users, "SELECT id FROM users ORDER BY id LIMIT 10 OFFSET $1", page)', [], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'dbx.Select(&users, "SELECT * FROM users WHERE id = $1", id)', ['dbx.Select read: SELECT * FROM users WHERE id = $1'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'query, args, err := sqlx.In("SELECT * FROM users WHERE id IN (?)", ids)\n\tdbx.Select(&users, dbx.Rebind(query), args...)', ['dbx.Select read: SELECT * FROM users WHERE id IN (?)'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'query, args, err := sqlx.Named("SELECT * FROM users WHERE id = :id", arg)\n\tdbx.Queryx(query, args...)', ['dbx.Queryx read: SELECT * FROM users WHERE id = :id'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'dbx.NamedQuery("SELECT * FROM users WHERE id = :id", map[string]any{"id": id})', ['dbx.NamedQuery read: SELECT * FROM users WHERE id = :id'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'rows, err := sdb.Query("SELECT id FROM users")\n\tdefer rows.Close()\n\tfor rows.Next() {\n\t\tvar u User\n\t\tif err := rows.Scan(&u.ID); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tsdb.QueryRow("SELECT count(*) FROM orders WHERE user_id = $1", u.ID).Scan(&u.N)\n\t}', ['sdb.Query read: SELECT id FROM users', 'sdb.QueryRow read: SELECT count(*) FROM orders WHERE user_id = $1'], ['sdb.QueryRow']],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'tx := dbx.MustBegin()\n\ttx.MustExec("INSERT INTO users (name) VALUES ($1)", "x")\n\tstmt, _ := tx.Preparex("SELECT id FROM users WHERE id = $1")\n\tstmt.Get(&u, id)', ['tx.MustExec write: INSERT INTO users (name) VALUES ($1)', 'tx.Preparex builds: SELECT id FROM users WHERE id = $1', 'stmt.Get read …: (opaque)'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'stmt, _ := dbx.PrepareNamed("SELECT * FROM users WHERE id = :id")\n\tfor _, id := range ids {\n\t\tstmt.Get(&u, id)\n\t}', ['dbx.PrepareNamed builds: SELECT * FROM users WHERE id = :id', 'stmt.Get read …: (opaque)'], ['stmt.Get']],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'for i := range 3 {\n\t\tsdb.Exec("DELETE FROM t WHERE id = $1", i)\n\t}', ['sdb.Exec write: DELETE FROM t WHERE id = $1'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'for i := range len(ids) {\n\t\tsdb.Exec("DELETE FROM t WHERE id = $1", ids[i])\n\t}', ['sdb.Exec write: DELETE FROM t WHERE id = $1'], ['sdb.Exec']],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'for chunk := range slices.Chunk(ids, 100) {\n\t\tsdb.Exec("DELETE FROM t WHERE id = ANY($1)", pq.Array(chunk))\n\t}', ['sdb.Exec write: DELETE FROM t WHERE id = ANY($1)'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'slices.ForEach(ids, func(id int64) { sdb.Exec("DELETE FROM t WHERE id = $1", id) })', ['sdb.Exec write: DELETE FROM t WHERE id = $1'], ['sdb.Exec']],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'var wg sync.WaitGroup\n\tfor _, id := range ids {\n\t\twg.Go(func() { sdb.Exec("DELETE FROM t WHERE id = $1", id) })\n\t}', ['sdb.Exec write: DELETE FROM t WHERE id = $1'], ['sdb.Exec']],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'lo.ForEach(ids, func(id int64, _ int) { sdb.Exec("DELETE FROM t WHERE id = $1", id) })', ['sdb.Exec write: DELETE FROM t WHERE id = $1'], ['sdb.Exec']],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'for ids := range maps.Keys(m) {\n\t\tsdb.Exec("DELETE FROM t WHERE id = $1", ids)\n\t}', ['sdb.Exec write: DELETE FROM t WHERE id = $1'], ['sdb.Exec']],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'for _, id := range ids {\n\t\tif err := sdb.QueryRow("SELECT 1 FROM t WHERE id = $1", id).Scan(&x); err == nil {\n\t\t\treturn nil\n\t\t}\n\t}', ['sdb.QueryRow read: SELECT 1 FROM t WHERE id = $1'], []],
  ['"database/sql"|"github.com/jmoiron/sqlx"|_ "github.com/lib/pq"', 'for _, q := range []string{"DELETE FROM a", "DELETE FROM b"} {\n\t\tsdb.Exec(q)\n\t}', ['sdb.Exec unknown …: (opaque)'], []],
  ['"gorm.io/gorm"', 'for _, u := range users {\n\t\tdb.Create(&u)\n\t}\n\tdb.Create(&users)\n\tdb.CreateInBatches(users, 100)\n\tdb.Save(&users)', ['db.Create write …: (opaque)', 'db.Create write …: (opaque)', 'db.CreateInBatches write …: (opaque)', 'db.Save write …: (opaque)'], ['db.Create']],
  ['"gorm.io/gorm"', 'for _, id := range ids {\n\t\tdb.First(&user, id)\n\t\tdb.Where("id = ?", id).Find(&user)\n\t\tdb.Model(&User{}).Where("id = ?", id).Update("name", "x")\n\t}', ['db.First read …: (opaque)', 'db.Where read …: (opaque)', 'db.Model write …: (opaque)'], ['db.First', 'db.Where', 'db.Model']],
  ['"gorm.io/gorm"', 'db.Transaction(func(tx *gorm.DB) error {\n\t\tfor _, u := range users {\n\t\t\tif err := tx.Create(&u).Error; err != nil {\n\t\t\t\treturn err\n\t\t\t}\n\t\t}\n\t\treturn nil\n\t})', ['tx.Create write …: (opaque)'], ['tx.Create']],
  ['"gorm.io/gorm"', 'db.Raw("SELECT id FROM users WHERE id = ?", id).Scan(&users)\n\tdb.Exec("DELETE FROM users WHERE id = @id", sql.Named("id", id))\n\tdb.Where("id IN ?", ids).Offset(page * 10).Limit(10).Order("id").Find(&users)\n\tdb.FindInBatches(&users, 100, func(tx *gorm.DB, batch int) error { tx.Save(&users); return nil })', ['db.Raw read: SELECT id FROM users WHERE id = ?', 'db.Exec write: DELETE FROM users WHERE id = @id', 'db.Where read: SELECT * FROM users WHERE (id = ANY($1)) ORDER BY id LIMIT 10 OFFSET $2', 'tx.Save write …: (opaque)'], []],
];

const javaRows: readonly Row[] = [
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'named.query("SELECT id FROM orders WHERE team_id = :team", Map.of("team", id), mapper);', ['named.query read: SELECT id FROM orders WHERE team_id = :team'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'named.queryForList("SELECT id FROM orders WHERE id IN (:ids)", new MapSqlParameterSource("ids", ids), Long.class);', ['named.queryForList read: SELECT id FROM orders WHERE id IN (:ids)'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'client.sql("SELECT id FROM orders WHERE team_id = :team").param("team", id).query(Long.class).list();', ['client.sql read: SELECT id FROM orders WHERE team_id = :team'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'client.sql("UPDATE orders SET seen = true WHERE id = ?").param(id).update();', ['client.sql write: UPDATE orders SET seen = true WHERE id = ?'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (Long one : ids) { client.sql("UPDATE orders SET seen = true WHERE id = ?").param(one).update(); }', ['client.sql write: UPDATE orders SET seen = true WHERE id = ?'], ['client.sql']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'jdbc.batchUpdate("INSERT INTO a (id) VALUES (?)", list, 100, (ps, o) -> ps.setLong(1, o.id()));', ['jdbc.batchUpdate write: INSERT INTO a (id) VALUES (?)'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (Long one : ids) { jdbc.update("DELETE FROM a WHERE id = ?", one); }', ['jdbc.update write: DELETE FROM a WHERE id = ?'], ['jdbc.update']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'ids.forEach(one -> jdbc.update("DELETE FROM a WHERE id = ?", one));', ['jdbc.update write: DELETE FROM a WHERE id = ?'], ['jdbc.update']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'ids.parallelStream().forEach(one -> jdbc.update("DELETE FROM a WHERE id = ?", one));', ['jdbc.update write: DELETE FROM a WHERE id = ?'], ['jdbc.update']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'ids.stream().map(one -> jdbc.queryForObject("SELECT name FROM a WHERE id = ?", String.class, one)).toList();', ['jdbc.queryForObject read: SELECT name FROM a WHERE id = ?'], ['jdbc.queryForObject']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'Iterator<Long> it = ids.iterator(); while (it.hasNext()) { Long one = it.next(); jdbc.update("DELETE FROM a WHERE id = ?", one); }', ['jdbc.update write: DELETE FROM a WHERE id = ?'], ['jdbc.update']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (int i = 0; i < ids.size(); i++) { jdbc.update("DELETE FROM a WHERE id = ?", ids.get(i)); }', ['jdbc.update write: DELETE FROM a WHERE id = ?'], ['jdbc.update']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'ids.stream().map(one -> CompletableFuture.supplyAsync(() -> jdbc.queryForObject("SELECT name FROM a WHERE id = ?", String.class, one))).toList();', ['jdbc.queryForObject read: SELECT name FROM a WHERE id = ?'], ['jdbc.queryForObject']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (List<Long> part : Lists.partition(ids, 100)) { jdbc.update("DELETE FROM a WHERE id = ANY(?)", part.toArray()); }', ['jdbc.update write: DELETE FROM a WHERE id = ANY(?)'], []],
  ['import java.sql.*;', 'PreparedStatement ps = conn.prepareStatement("INSERT INTO a (id) VALUES (?)"); for (Long one : ids) { ps.setLong(1, one); ps.addBatch(); } ps.executeBatch();', ['conn.prepareStatement builds: INSERT INTO a (id) VALUES (?)'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'jdbc.query("SELECT id FROM a", rs -> { jdbc.update("DELETE FROM b WHERE id = ?", rs.getLong(1)); });', ['jdbc.query read: SELECT id FROM a', 'jdbc.update write: DELETE FROM b WHERE id = ?'], ['jdbc.update']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'em.createQuery("select o from Order o", Order.class).setFirstResult(page * 20).setMaxResults(20).getResultList();', ['em.createQuery read …: SELECT * FROM zq LIMIT $1 OFFSET $2'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'em.createNativeQuery("SELECT * FROM orders WHERE id = ?1").setParameter(1, id).getResultList();', ['em.createNativeQuery read: SELECT * FROM orders WHERE id = $1'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (Long one : ids) { em.find(Order.class, one); }', ['em.find read …: (opaque)'], ['em.find']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (Order o : list) { em.persist(o); }', [], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (Order o : list) { em.merge(o); em.flush(); }', ['em.flush write …: (opaque)'], ['em.flush']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (Order o : list) { orders.save(o); } orders.saveAll(list);', ['orders.save write …: (opaque)', 'orders.saveAll write …: (opaque)'], ['orders.save']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'orders.findAll(PageRequest.of(page, 20)); for (Long one : ids) { orders.findById(one); orders.deleteById(one); }', ['orders.findAll read …: SELECT * FROM zq LIMIT $1 OFFSET $2', 'orders.findById read …: (opaque)', 'orders.deleteById write …: (opaque)'], ['orders.findById', 'orders.deleteById']],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'Pageable p = PageRequest.of(page, 20, Sort.by("id")); orders.findAll(p);', ['orders.findAll read …: SELECT * FROM zq LIMIT $1 OFFSET $2'], []],
  ['import org.springframework.jdbc.core.*; import jakarta.persistence.*;', 'for (Long one : ids) { em.createQuery("select o from Order o where o.id = :id").setParameter("id", one).getSingleResult(); }', ['em.createQuery read …: (opaque)'], ['em.createQuery']],
];

const csharpRows: readonly Row[] = [
  ['', 'await _conn.QueryAsync<Order>("SELECT id FROM orders WHERE id = ANY(@ids)", new { ids });', ['_conn.QueryAsync read: SELECT id FROM orders WHERE id = ANY(@ids)'], []],
  ['', 'await _conn.ExecuteAsync("INSERT INTO a (id) VALUES (@Id)", ids.Select(i => new { Id = i }));', ['_conn.ExecuteAsync write: INSERT INTO a (id) VALUES (@Id)'], []],
  ['', 'await using var cmd = new NpgsqlCommand("SELECT id FROM a WHERE id = $1", _conn); cmd.Parameters.AddWithValue(id); await using var r = await cmd.ExecuteReaderAsync(); while (await r.ReadAsync()) { await _conn.ExecuteAsync("DELETE FROM b WHERE id = @id", new { id = r.GetInt64(0) }); }', ['new NpgsqlCommand builds: SELECT id FROM a WHERE id = $1', 'cmd.ExecuteReaderAsync read …: (opaque)', '_conn.ExecuteAsync write: DELETE FROM b WHERE id = @id'], ['_conn.ExecuteAsync']],
  ['', 'await using var cmd = _source.CreateCommand("SELECT id FROM a WHERE id = $1"); await cmd.ExecuteScalarAsync();', ['_source.CreateCommand builds: SELECT id FROM a WHERE id = $1', 'cmd.ExecuteScalarAsync read …: (opaque)'], []],
  ['', 'await using var batch = new NpgsqlBatch(_conn); foreach (var i in ids) { batch.BatchCommands.Add(new NpgsqlBatchCommand("DELETE FROM a WHERE id = $1") { Parameters = { new() { Value = i } } }); } await batch.ExecuteNonQueryAsync();', [], []],
  ['', 'foreach (var i in ids) { await _conn.ExecuteAsync("DELETE FROM a WHERE id = @i", new { i }); }', ['_conn.ExecuteAsync write: DELETE FROM a WHERE id = @i'], ['_conn.ExecuteAsync']],
  ['', 'await Task.WhenAll(ids.Select(i => _conn.ExecuteAsync("DELETE FROM a WHERE id = @i", new { i })));', ['_conn.ExecuteAsync write: DELETE FROM a WHERE id = @i'], ['_conn.ExecuteAsync']],
  ['', 'await Task.WhenAll(ids.Select(async i => { await _conn.ExecuteAsync("DELETE FROM a WHERE id = @i", new { i }); }));', ['_conn.ExecuteAsync write: DELETE FROM a WHERE id = @i'], ['_conn.ExecuteAsync']],
  ['', 'await Parallel.ForEachAsync(ids, async (i, ct) => { await _conn.ExecuteAsync("DELETE FROM a WHERE id = @i", new { i }); });', ['_conn.ExecuteAsync write: DELETE FROM a WHERE id = @i'], ['_conn.ExecuteAsync']],
  ['', 'for (var i = 0; i < ids.Count; i++) { await _conn.ExecuteAsync("DELETE FROM a WHERE id = @i", new { i = ids[i] }); }', ['_conn.ExecuteAsync write: DELETE FROM a WHERE id = @i'], ['_conn.ExecuteAsync']],
  ['', 'foreach (var part in ids.Chunk(100)) { await _conn.ExecuteAsync("DELETE FROM a WHERE id = ANY(@part)", new { part }); }', ['_conn.ExecuteAsync write: DELETE FROM a WHERE id = ANY(@part)'], []],
  ['', 'var names = from i in ids select _conn.QuerySingle<string>("SELECT name FROM a WHERE id = @i", new { i });', ['_conn.QuerySingle read: SELECT name FROM a WHERE id = @i'], []],
  ['', 'ids.ForEach(i => _conn.Execute("DELETE FROM a WHERE id = @i", new { i }));', ['_conn.Execute write: DELETE FROM a WHERE id = @i'], ['_conn.Execute']],
  ['', 'var tasks = new List<Task>(); foreach (var i in ids) { tasks.Add(_conn.ExecuteAsync("DELETE FROM a WHERE id = @i", new { i })); } await Task.WhenAll(tasks);', ['_conn.ExecuteAsync write: DELETE FROM a WHERE id = @i'], ['_conn.ExecuteAsync']],
  ['', 'await using var writer = await _conn.BeginBinaryImportAsync("COPY a (id) FROM STDIN (FORMAT BINARY)"); foreach (var i in ids) { await writer.StartRowAsync(); await writer.WriteAsync(i); } await writer.CompleteAsync();', [], []],
  ['', 'using var multi = await _conn.QueryMultipleAsync("SELECT 1 FROM a WHERE id = @id; SELECT 2 FROM b WHERE id = @id", new { id });', ['_conn.QueryMultipleAsync read: SELECT 1 FROM a WHERE id = @id', '_conn.QueryMultipleAsync read: SELECT 2 FROM b WHERE id = @id'], []],
];

const rustRows: readonly Row[] = [
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'sqlx::query!("SELECT id FROM a WHERE id = $1", id).fetch_one(pool).await?;', ['sqlx::query read: SELECT id FROM a WHERE id = $1'], []],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'let rows = sqlx::query_as!(User, "SELECT id FROM a WHERE id = ANY($1)", &ids).fetch_all(pool).await?;', ['sqlx::query_as read: SELECT id FROM a WHERE id = ANY($1)'], []],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'sqlx::query_scalar!("SELECT count(*) FROM a").fetch_one(pool).await?;', ['sqlx::query_scalar read: SELECT count(*) FROM a'], []],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'sqlx::query_file!("queries/a.sql", id).fetch_one(pool).await?; sqlx::query_file_as!(User, "queries/a.sql", id).fetch_all(pool).await?;', ['sqlx::query_file unknown …: (opaque)', 'sqlx::query_file_as unknown …: (opaque)'], []],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'let mut qb: QueryBuilder<Postgres> = QueryBuilder::new("INSERT INTO a (id) "); qb.push_values(ids, |mut b, i| { b.push_bind(i); }); qb.build().execute(pool).await?;', ['qb.build unknown …: (opaque)'], []],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'let mut qb = QueryBuilder::new("SELECT id FROM a WHERE team_id = "); qb.push_bind(id); qb.push(" ORDER BY id LIMIT 10 OFFSET "); qb.push_bind(page); qb.build_query_as::<User>().fetch_all(pool).await?;', ['qb.build_query_as read: SELECT id FROM a WHERE team_id = ORDER BY id LIMIT 10 OFFSET'], []],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'for i in &ids { sqlx::query("DELETE FROM a WHERE id = $1").bind(i).execute(pool).await?; }', ['sqlx::query write: DELETE FROM a WHERE id = $1'], ['sqlx::query']],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'let fs = ids.iter().map(|i| sqlx::query("DELETE FROM a WHERE id = $1").bind(i).execute(pool)); join_all(fs).await;', ['sqlx::query write: DELETE FROM a WHERE id = $1'], ['sqlx::query']],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'try_join_all(ids.iter().map(|i| async move { sqlx::query("DELETE FROM a WHERE id = $1").bind(i).execute(pool).await })).await?;', ['sqlx::query write: DELETE FROM a WHERE id = $1'], ['sqlx::query']],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'stream::iter(ids).map(|i| async move { sqlx::query("DELETE FROM a WHERE id = $1").bind(i).execute(pool).await }).buffer_unordered(8).collect::<Vec<_>>().await;', ['sqlx::query write: DELETE FROM a WHERE id = $1'], ['sqlx::query']],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'let mut set = JoinSet::new(); for i in ids { set.spawn(async move { sqlx::query("DELETE FROM a WHERE id = $1").bind(i).execute(&pool).await }); }', ['sqlx::query write: DELETE FROM a WHERE id = $1'], ['sqlx::query']],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'let mut rows = sqlx::query("SELECT id FROM a").fetch(pool); while let Some(row) = rows.try_next().await? { sqlx::query("DELETE FROM b WHERE id = $1").bind(row.get::<i64, _>(0)).execute(pool).await?; }', ['sqlx::query read: SELECT id FROM a', 'sqlx::query write: DELETE FROM b WHERE id = $1'], ['sqlx::query']],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'for part in ids.chunks(100) { sqlx::query("DELETE FROM a WHERE id = ANY($1)").bind(part).execute(pool).await?; }', ['sqlx::query write: DELETE FROM a WHERE id = ANY($1)'], []],
  ['use sqlx::{PgPool, Postgres, QueryBuilder};', 'let mut tx = pool.begin().await?; for i in ids { sqlx::query!("INSERT INTO a (id) VALUES ($1)", i).execute(&mut *tx).await?; } tx.commit().await?;', ['sqlx::query write: INSERT INTO a (id) VALUES ($1)'], ['sqlx::query']],
  ['use tokio_postgres::Client;', 'client.query("SELECT id FROM a WHERE id = $1", &[&id]).await?; let s = client.prepare("DELETE FROM a WHERE id = $1").await?; for i in ids { client.execute(&s, &[&i]).await?; }', ['client.query read: SELECT id FROM a WHERE id = $1', 'client.prepare builds: DELETE FROM a WHERE id = $1', 'client.execute unknown …: (opaque)'], ['client.execute']],
  ['use tokio_postgres::Client;', 'let sink = client.copy_in("COPY a (id) FROM STDIN BINARY").await?; for i in ids { writer.as_mut().write(&[&i]).await?; }', [], []],
  ['use diesel::prelude::*;\nuse diesel_async::RunQueryDsl;', 'diesel::sql_query("SELECT id FROM a WHERE id = $1").bind::<BigInt, _>(id).load::<User>(conn).await?; for i in ids { diesel::insert_into(a::table).values(a::id.eq(i)).execute(conn).await?; } diesel::insert_into(a::table).values(&rows).execute(conn).await?;', ['diesel::sql_query read: SELECT id FROM a WHERE id = $1', 'diesel::insert_into write …: (opaque)', 'diesel::insert_into write …: (opaque)'], ['diesel::insert_into']],
  ['use sea_orm::*;', 'for i in ids { cake::Entity::find_by_id(i).one(db).await?; } cake::Entity::insert_many(models).exec(db).await?; cake::Entity::find().from_raw_sql(Statement::from_sql_and_values(DbBackend::Postgres, "SELECT id FROM a WHERE id = $1", [id.into()])).all(db).await?; db.execute(Statement::from_string(DbBackend::Postgres, "DELETE FROM a")).await?;', ['cake::Entity::find_by_id read …: (opaque)', 'cake::Entity::insert_many write …: (opaque)', 'cake::Entity::find read …: (opaque)', 'db.execute write: DELETE FROM a'], ['cake::Entity::find_by_id']],
  ['use sea_orm::*;', 'let paginator = cake::Entity::find().order_by_asc(cake::Column::Id).paginate(db, 50); paginator.fetch_page(page).await?; for i in ids { let m = cake::ActiveModel { id: Set(i) }; m.insert(db).await?; }', ['cake::Entity::find read …: (opaque)', 'm.insert write …: (opaque)'], ['m.insert']],
];

const phpRows: readonly Row[] = [
  ['', '$stmt = $this->pdo->prepare("SELECT id FROM a WHERE id = ?"); $stmt->execute([$id]); $row = $stmt->fetch();', ['$this->pdo->prepare builds: SELECT id FROM a WHERE id = ?', '$stmt->execute read …: (opaque)'], []],
  ['', '$stmt = $this->pdo->prepare("SELECT id FROM a WHERE id = :id"); foreach ($ids as $one) { $stmt->execute([":id" => $one]); }', ['$this->pdo->prepare builds: SELECT id FROM a WHERE id = :id', '$stmt->execute read …: (opaque)'], ['$stmt->execute']],
  ['', '$stmt = $this->pdo->prepare("SELECT id FROM a WHERE id = :id"); $stmt->bindValue(":id", $id, PDO::PARAM_INT); $stmt->execute();', ['$this->pdo->prepare builds: SELECT id FROM a WHERE id = :id', '$stmt->execute read …: (opaque)'], []],
  ['', 'foreach ($this->pdo->query("SELECT id FROM a") as $row) { $this->pdo->exec("DELETE FROM b WHERE id = " . $row["id"]); }', ['$this->pdo->query read: SELECT id FROM a', '$this->pdo->exec write: DELETE FROM b WHERE id ='], ['$this->pdo->exec']],
  ['', 'while ($row = $stmt->fetch()) { $this->pdo->exec("DELETE FROM b WHERE id = {$row[\'id\']}"); }', ['$this->pdo->exec write: DELETE FROM b WHERE id ='], ['$this->pdo->exec']],
  ['', '$r = pg_query_params($c, "SELECT id FROM a WHERE id = $1", [$id]); while ($row = pg_fetch_assoc($r)) { pg_query_params($c, "DELETE FROM b WHERE id = $1", [$row["id"]]); }', ['pg_query_params read: SELECT id FROM a WHERE id = $1', 'pg_query_params write: DELETE FROM b WHERE id = $1'], ['pg_query_params']],
  ['', '$rows = $this->conn->fetchAllAssociative("SELECT id FROM a WHERE id IN (?)", [$ids], [ArrayParameterType::INTEGER]);', ['$this->conn->fetchAllAssociative read: SELECT id FROM a WHERE id IN (?)'], []],
  ['', 'foreach ($this->conn->iterateAssociative("SELECT id FROM a") as $row) { $this->conn->executeStatement("DELETE FROM b WHERE id = ?", [$row["id"]]); }', ['$this->conn->iterateAssociative read: SELECT id FROM a', '$this->conn->executeStatement write: DELETE FROM b WHERE id = ?'], ['$this->conn->executeStatement']],
  ['', '$users = DB::select("select id from users where active = ? order by id limit 10 offset ?", [1, $page]);', ['DB::select read: select id from users where active = ? order by id limit 10 offset ?'], []],
  ['', 'DB::statement("update users set seen = true where id = ?", [$id]); DB::insert("insert into a (id) values (?)", [$id]); DB::delete("delete from a where id = ?", [$id]); DB::scalar("select count(*) from a");', ['DB::statement write: update users set seen = true where id = ?', 'DB::insert write: insert into a (id) values (?)', 'DB::delete write: delete from a where id = ?', 'DB::scalar read: select count(*) from a'], []],
  ['', 'DB::table("users")->where("team_id", $id)->orderBy("id")->paginate(15);', ['DB::table read …: SELECT * FROM users WHERE team_id = $1 ORDER BY id LIMIT 15 OFFSET $2'], []],
  ['', 'DB::table("users")->orderBy("id")->skip($page * 10)->take(10)->get();', ['DB::table read: SELECT * FROM users ORDER BY id LIMIT 10 OFFSET $1'], []],
  ['', 'DB::table("users")->orderBy("id")->forPage($page, 15)->get();', ['DB::table read: SELECT * FROM users ORDER BY id LIMIT 15 OFFSET $1'], []],
  ['', 'DB::table("users")->orderBy("id")->cursorPaginate(15);', ['DB::table read: SELECT * FROM users ORDER BY id LIMIT 15'], []],
  ['', 'DB::table("users")->orderBy("id")->simplePaginate(15);', ['DB::table read …: SELECT * FROM users ORDER BY id LIMIT 15 OFFSET $1'], []],
  ['', 'DB::table("users")->where("name", "like", "%" . $id)->get();', ['DB::table read: SELECT * FROM users WHERE name like $1'], []],
  ['', 'DB::table("users")->whereRaw("lower(name) = ?", [$id])->first();', ['DB::table read …: SELECT * FROM users LIMIT 1'], []],
  ['', 'DB::table("users")->whereIn("id", $ids)->update(["seen" => true]);', ['DB::table write …: (opaque)'], []],
  ['', 'DB::table("users")->upsert($items, ["id"], ["name"]);', ['DB::table write …: (opaque)'], []],
  ['', 'DB::table("users")->orderBy("id")->chunk(100, function ($users) { foreach ($users as $user) { DB::table("a")->where("id", $user->id)->delete(); } });', ['DB::table read: SELECT * FROM users ORDER BY id', 'DB::table write …: (opaque)'], ['DB::table']],
  ['', 'DB::table("users")->orderBy("id")->chunkById(100, function ($users) { DB::table("a")->whereIn("id", $users->pluck("id"))->delete(); });', ['DB::table read: SELECT * FROM users', 'DB::table write …: (opaque)'], []],
  ['', 'DB::table("users")->orderBy("id")->each(function ($user) { DB::table("a")->where("id", $user->id)->delete(); });', ['DB::table read: SELECT * FROM users ORDER BY id', 'DB::table write …: (opaque)'], ['DB::table']],
  ['', 'collect($ids)->each(fn ($one) => DB::table("a")->where("id", $one)->delete());', ['DB::table write …: (opaque)'], ['DB::table']],
  ['', 'array_map(fn ($one) => DB::table("a")->where("id", $one)->first(), $ids);', ['DB::table read: SELECT * FROM a WHERE id = $1 LIMIT 1'], ['DB::table']],
  ['', 'array_walk($ids, function ($one) { DB::table("a")->where("id", $one)->delete(); });', ['DB::table write …: (opaque)'], ['DB::table']],
  ['', 'for ($i = 0; $i < count($ids); $i++) { DB::table("a")->where("id", $ids[$i])->delete(); }', ['DB::table write …: (opaque)'], ['DB::table']],
  ['', 'foreach (array_chunk($ids, 100) as $part) { DB::table("a")->whereIn("id", $part)->delete(); }', ['DB::table write …: (opaque)'], []],
  ['', 'foreach ([1, 2, 3] as $kind) { DB::table("a")->where("kind", $kind)->delete(); }', ['DB::table write …: (opaque)'], []],
  ['', 'foreach ($ids as $one) { if ($row = DB::table("a")->where("id", $one)->first()) { return $row; } }', ['DB::table read: SELECT * FROM a WHERE id = $1 LIMIT 1'], []],
  ['', 'for ($attempt = 0; $attempt < 3; $attempt++) { DB::table("a")->where("id", $id)->delete(); }', ['DB::table write …: (opaque)'], []],
  ['', 'do { $rows = DB::table("a")->where("id", ">", $last)->limit(100)->get(); $last = $rows->last()->id; } while ($rows->count() > 0);', ['DB::table read: SELECT * FROM a WHERE id > $1 LIMIT 100'], []],
  ['', 'DB::transaction(function () use ($ids) { foreach ($ids as $one) { DB::table("a")->insert(["id" => $one]); } });', ['DB::table write …: (opaque)'], ['DB::table']],
];

const rubyRows: readonly Row[] = [
  ['', '@conn.exec("SELECT id FROM a")', ['@conn.exec read: SELECT id FROM a'], []],
  ['', '@conn.exec_params("SELECT id FROM a WHERE id = $1", [id])', ['@conn.exec_params read: SELECT id FROM a WHERE id = $1'], []],
  ['', '@conn.prepare("find", "SELECT id FROM a WHERE id = $1"); ids.each { |one| @conn.exec_prepared("find", [one]) }', ['@conn.prepare builds: SELECT id FROM a WHERE id = $1', '@conn.exec_prepared unknown …: (opaque)'], ['@conn.exec_prepared']],
  ['', '@conn.exec("SELECT id FROM a").each { |row| @conn.exec_params("DELETE FROM b WHERE id = $1", [row["id"]]) }', ['@conn.exec read: SELECT id FROM a', '@conn.exec_params write: DELETE FROM b WHERE id = $1'], ['@conn.exec_params']],
  ['', '@conn.exec("SELECT id FROM a") do |result| result.each do |row| @conn.exec_params("DELETE FROM b WHERE id = $1", [row["id"]]) end end', ['@conn.exec read: SELECT id FROM a', '@conn.exec_params write: DELETE FROM b WHERE id = $1'], ['@conn.exec_params']],
  ['', '@conn.copy_data("COPY a (id) FROM STDIN") do ids.each { |one| @conn.put_copy_data("#{one}\\n") } end', [], []],
  ['', '@conn.transaction { |tx| ids.each { |one| tx.exec_params("DELETE FROM b WHERE id = $1", [one]) } }', ['tx.exec_params write: DELETE FROM b WHERE id = $1'], ['tx.exec_params']],
  ['', 'ids.each_slice(100) { |part| @conn.exec_params("DELETE FROM b WHERE id = ANY($1)", [part]) }', ['@conn.exec_params write: DELETE FROM b WHERE id = ANY($1)'], []],
  ['', 'ids.map { |one| @conn.exec_params("SELECT id FROM a WHERE id = $1", [one]).first }', ['@conn.exec_params read: SELECT id FROM a WHERE id = $1'], ['@conn.exec_params']],
  ['', 'for one in ids do @conn.exec_params("DELETE FROM b WHERE id = $1", [one]) end', ['@conn.exec_params write: DELETE FROM b WHERE id = $1'], ['@conn.exec_params']],
  ['', 'ids.each_with_index { |one, i| @conn.exec_params("UPDATE b SET pos = $2 WHERE id = $1", [one, i]) }', ['@conn.exec_params write: UPDATE b SET pos = $2 WHERE id = $1'], ['@conn.exec_params']],
  ['', '3.times { |i| @conn.exec_params("DELETE FROM b WHERE id = $1", [i]) }', ['@conn.exec_params write: DELETE FROM b WHERE id = $1'], []],
  ['', '%w[a b].each { |kind| @conn.exec_params("DELETE FROM b WHERE kind = $1", [kind]) }', ['@conn.exec_params write: DELETE FROM b WHERE kind = $1'], []],
  ['', 'ids.each { |one| row = @conn.exec_params("SELECT id FROM a WHERE id = $1", [one]).first; return row if row }', ['@conn.exec_params read: SELECT id FROM a WHERE id = $1'], []],
  ['', 'Parallel.each(ids) { |one| @conn.exec_params("DELETE FROM b WHERE id = $1", [one]) }', ['@conn.exec_params write: DELETE FROM b WHERE id = $1'], ['@conn.exec_params']],
  ['', 'ids.map { |one| Thread.new { @conn.exec_params("DELETE FROM b WHERE id = $1", [one]) } }.each(&:join)', ['@conn.exec_params write: DELETE FROM b WHERE id = $1'], ['@conn.exec_params']],
  ['', 'until queue.empty? do one = queue.pop; @conn.exec_params("DELETE FROM b WHERE id = $1", [one]) end', ['@conn.exec_params write: DELETE FROM b WHERE id = $1'], ['@conn.exec_params']],
  ['', 'ActiveRecord::Base.connection.execute("DELETE FROM b WHERE id = 1"); ActiveRecord::Base.connection.select_all("SELECT id FROM a ORDER BY id LIMIT 10 OFFSET #{page}")', ['ActiveRecord::Base.connection.execute write: DELETE FROM b WHERE id = 1', 'ActiveRecord::Base.connection.select_all read: SELECT id FROM a ORDER BY id LIMIT 10 OFFSET'], []],
  ['', 'ActiveRecord::Base.connection.exec_query("SELECT id FROM a WHERE id = $1", "SQL", [id])', ['ActiveRecord::Base.connection.exec_query read: SELECT id FROM a WHERE id = $1'], []],
  ['', 'User.find_by_sql(["SELECT id FROM users WHERE id = ?", id])', ['User.find_by_sql read: SELECT id FROM users WHERE id = ?'], []],
];

async function check(path: string, code: string, sites: readonly string[], loops: readonly string[]): Promise<void> {
  const workspace = await codeWorkspace({ [path]: code });
  expect(workspace.file(path).sites.map((site) => `${code.slice(site.anchor.start, site.anchor.end).replaceAll(/\s+/g, ' ')} ${site.executes === 'no' ? 'builds' : site.access}${site.complete ? '' : ' …'}: ${describe(site)}`)).toEqual(sites);
  expect(workspace.loops(path)).toEqual(loops);
}

group('drivers: queries, their places, and those that run per element', () => {
  it.each(goRows)('Go %s: %s', (head, body, sites, loops) =>
    check('a/a.go', `package a\n\nimport (\n\t"context"\n${head.split('|').map((line) => `\t${line}\n`).join('')})\n\nfunc run(ctx context.Context, pool *pgxpool.Pool, db *gorm.DB, sdb *sql.DB, dbx *sqlx.DB, conn *pgx.Conn, id int64, ids []int64, users []User, page int) error {\n\t${body}\n}\n`, sites, loops));
  it.each(javaRows)('Java %s: %s', (head, body, sites, loops) =>
    check('A.java', `package a;\n${head}\nclass A {\n  private JdbcTemplate jdbc;\n  private NamedParameterJdbcTemplate named;\n  private JdbcClient client;\n  private EntityManager em;\n  private OrderRepository orders;\n  void run(long id, List<Long> ids, int page, List<Order> list) {\n    ${body}\n  }\n}\n`, sites, loops));
  it.each(csharpRows)('C# %s: %s', (_, body, sites, loops) =>
    check('A.cs', `using Npgsql;\nusing Dapper;\nnamespace X;\nclass A {\n  NpgsqlConnection _conn;\n  NpgsqlDataSource _source;\n  AppContext _db;\n  async Task Run(long id, List<long> ids, int page) {\n    ${body}\n  }\n}\n`, sites, loops));
  it.each(rustRows)('Rust %s: %s', (head, body, sites, loops) =>
    check('src/a.rs', `${head}\nasync fn run(pool: &PgPool, db: &DatabaseConnection, client: &Client, conn: &mut AsyncPgConnection, id: i64, ids: Vec<i64>, page: i64) -> Result<()> {\n    ${body}\n}\n`, sites, loops));
  it.each(phpRows)('PHP %s: %s', (_, body, sites, loops) =>
    check('A.php', `<?php\nuse Illuminate\\Support\\Facades\\DB;\nclass A {\n  public function __construct(private PDO $pdo, private Connection $conn) {}\n  public function run(int $id, array $ids, int $page, $items) {\n    ${body}\n  }\n}\n`, sites, loops));
  it.each(rubyRows)('Ruby %s: %s', (_, body, sites, loops) =>
    check('a.rb', `class A\n  def initialize\n    @conn = PG::Connection.new(ENV["URL"])\n  end\n\n  def run(id, ids, page)\n    ${body}\n  end\nend\n`, sites, loops));
});
