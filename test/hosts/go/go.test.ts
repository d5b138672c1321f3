import { describe as group, expect, it } from 'vitest';
import { codeWorkspace, readCode, statementsOf } from '../../support/readCommon';

const inFunction = (body: string, head = ''): string => `package store

import (
	"context"
	"database/sql"
	"fmt"
)

${head}

type Store struct {
	db *sql.DB
}

func (s *Store) run(ctx context.Context, id int64, ids []int64, name string) error {
${body}
	return nil
}
`;

const queries: readonly (readonly [string, string, readonly string[]])[] = [
  ['Query', 'rows, err := s.db.Query("SELECT id FROM orders WHERE customer_id = $1", id)', ['SELECT id FROM orders WHERE customer_id = $1']],
  ['QueryContext with a raw string', 'rows, err := s.db.QueryContext(ctx, `\n\tSELECT id\n\tFROM orders\n\tWHERE total > $1`, 5)', ['SELECT id FROM orders WHERE total > $1']],
  ['QueryRow and Scan', 'err := s.db.QueryRowContext(ctx, `SELECT name FROM users WHERE id = $1`, id).Scan(&name)', ['SELECT name FROM users WHERE id = $1']],
  ['Exec', '_, err := s.db.ExecContext(ctx, "UPDATE users SET name = $1 WHERE id = $2", name, id)', ['UPDATE users SET name = $1 WHERE id = $2']],
  ['a transaction', 'tx, err := s.db.BeginTx(ctx, nil)\n\ttx.Exec("DELETE FROM users WHERE id = $1", id)', ['DELETE FROM users WHERE id = $1']],
  ['sqlx Get', 'var user User\n\terr := s.dbx.GetContext(ctx, &user, "SELECT * FROM users WHERE id = $1", id)', ['SELECT * FROM users WHERE id = $1']],
  ['sqlx Select', 'err := s.dbx.Select(&users, `SELECT * FROM users ORDER BY id LIMIT 10 OFFSET $1`, id)', ['SELECT * FROM users ORDER BY id LIMIT 10 OFFSET $1']],
  ['sqlx NamedExec', '_, err := s.dbx.NamedExecContext(ctx, `INSERT INTO users (name) VALUES (:name)`, map[string]any{"name": name})', ['INSERT INTO users (name) VALUES (:name)']],
  ['a constant of the file', 's.db.Query(findUsers, id)', ['SELECT id FROM users WHERE team_id = $1']],
  ['concatenation', 's.db.Query("SELECT id FROM users " + "WHERE id = $1", id)', ['SELECT id FROM users WHERE id = $1']],
  ['Sprintf', 's.db.Query(fmt.Sprintf("SELECT id FROM %s WHERE id = $1", name), id)', ['SELECT id FROM WHERE id = $1']],
  ['Sprintf with a constant', 's.db.Query(fmt.Sprintf("SELECT %s FROM users WHERE id = $1", columns), id)', ['SELECT id, name FROM users WHERE id = $1']],
  ['a text extended under a condition', 'query := "SELECT id FROM users"\n\tif name != "" {\n\t\tquery += " WHERE name = $1"\n\t}\n\ts.db.Query(query, name)', ['SELECT id FROM users WHERE name = $1']],
  ['a strings.Builder', 'var b strings.Builder\n\tb.WriteString("SELECT id FROM users")\n\ts.db.Query("SELECT 1::int")', ['SELECT 1::int']],
  ['escapes', 's.db.Query("SELECT id FROM \\"user\\"\\nWHERE id = $1", id)', ['SELECT id FROM "user" WHERE id = $1']],
  ['several statements', 's.db.Exec("DELETE FROM a WHERE id = 1; DELETE FROM b WHERE id = 2")', ['DELETE FROM a WHERE id = 1', 'DELETE FROM b WHERE id = 2']],
  ['a transaction that is handed on to itself', 'tx := s.db\n\ttx, _ = tx.Begin()\n\ttx.Exec("DELETE FROM users WHERE id = $1", id)', ['DELETE FROM users WHERE id = $1']],
  ['prepared', 'stmt, err := s.db.Prepare("INSERT INTO users (id) VALUES ($1)")\n\tstmt.Exec(id)', ['INSERT INTO users (id) VALUES ($1)', '(opaque)']],
];

group('what Go sends', () => {
  it.each(queries)('%s', async (_name, body, expected) => {
    expect(await statementsOf('store/store.go', inFunction(`\t${body}`, 'const findUsers = `SELECT id FROM users WHERE team_id = $1`\nconst columns = "id, name"'))).toEqual(expected);
  });

  it.each([
    ['a log line', 'log.Printf("SELECT id FROM users WHERE id = %d", id)'],
    ['an error', 'return fmt.Errorf("select id from users: %w", err)'],
    ['prose', 'fmt.Println("Select a plan from the list")'],
    ['a query string of a URL', 'name := r.URL.Query().Get("id")'],
    ['an HTTP client', 'resp, err := client.Get("https://example.org/select")'],
    ['a message that looks like SQL', 'errors.New("delete from users failed")'],
    ['a value of its own', 'stmt := "SELECT id FROM users"\n\t_ = stmt'],
  ])('%s is none', async (_name, body) => {
    expect(await statementsOf('store/store.go', inFunction(`\t${body}`))).toEqual([]);
  });

  it('speaks of nothing in files of another database', async () => {
    expect(await statementsOf('a.go', 'package a\nimport _ "github.com/go-sql-driver/mysql"\nfunc f(db *sql.DB) { db.Query("SELECT id FROM users WHERE id = 1") }')).toEqual([]);
    expect(await statementsOf('a.go', 'package a\nfunc f(db *sql.DB) { db.Query("SELECT id FROM users WHERE id = ?", 1) }')).toEqual([]);
    expect(await statementsOf('internal/sqlite/a.go', 'package a\nfunc f(db *sql.DB) { db.Query("SELECT id FROM users WHERE id = $1", 1) }')).toEqual([]);
    expect(await statementsOf('a.go', 'package a\nfunc f(db *sql.DB) { db.Query("SELECT `id` FROM users") }')).toEqual([]);
  });

  it('knows pgx: batches are sent together', async () => {
    const text = 'package a\nimport "github.com/jackc/pgx/v5"\nfunc f(ctx context.Context, pool *pgxpool.Pool, ids []int64) {\n\tbatch := &pgx.Batch{}\n\tfor _, id := range ids {\n\t\tbatch.Queue("UPDATE users SET seen = true WHERE id = $1", id)\n\t}\n\tpool.SendBatch(ctx, batch)\n\tpool.Query(ctx, "SELECT id FROM users WHERE name = @name", pgx.NamedArgs{"name": "x"})\n}';
    const file = await readCode('a.go', text);
    expect(file.sites.map((site) => [site.library, site.executes, site.source?.placeholders, site.binds.map((bind) => bind.text)])).toEqual([['pgx', 'no', 'dollar', ['id']], ['pgx', 'yes', 'at', ['"x"']]]);
    expect((await codeWorkspace({ 'a.go': text })).loops('a.go')).toEqual([]);
  });
});

group('positions', () => {
  it('underlines the offset in a raw string behind characters of two units', async () => {
    const workspace = await codeWorkspace({ 'a.go': 'package a\n// 😀\nfunc f(db *sql.DB, page int) {\n\tdb.Query(`SELECT id /* 😀 */ FROM orders ORDER BY id LIMIT 20 OFFSET $1`, page*20)\n}\n' });
    expect(workspace.lint('a.go', 'offset-pagination')).toEqual(['offset-pagination: OFFSET $1']);
  });

  it('underlines behind escapes', async () => {
    const workspace = await codeWorkspace({ 'a.go': 'package a\nfunc f(db *sql.DB, page int) {\n\tdb.Query("SELECT id, \\"name\\" FROM orders\\n ORDER BY id\\tLIMIT 20 OFFSET $1", page*20)\n}\n' });
    expect(workspace.lint('a.go', 'offset-pagination')).toEqual(['offset-pagination: OFFSET $1']);
  });
});

const loops: readonly (readonly [string, string, readonly string[]])[] = [
  ['range', 'for _, id := range ids {\n\t\ts.db.QueryRow("SELECT name FROM users WHERE id = $1", id).Scan(&name)\n\t}', ['s.db.QueryRow']],
  ['counter up to the length', 'for i := 0; i < len(ids); i++ {\n\t\ts.db.Exec("DELETE FROM users WHERE id = $1", ids[i])\n\t}', ['s.db.Exec']],
  ['rows of a query', 'rows, _ := s.db.Query("SELECT id FROM users LIMIT 10")\n\tfor rows.Next() {\n\t\tvar user int64\n\t\trows.Scan(&user)\n\t\ts.db.Exec("UPDATE users SET seen = true WHERE id = $1", user)\n\t}', ['s.db.Exec']],
  ['goroutines', 'for _, id := range ids {\n\t\tgo func() {\n\t\t\ts.db.Exec("DELETE FROM users WHERE id = $1", id)\n\t\t}()\n\t}', ['s.db.Exec']],
  ['an error group', 'for _, id := range ids {\n\t\tg.Go(func() error {\n\t\t\t_, err := s.db.Exec("DELETE FROM users WHERE id = $1", id)\n\t\t\treturn err\n\t\t})\n\t}', ['s.db.Exec']],
  ['through a method', 'for _, id := range ids {\n\t\tif _, err := s.load(ctx, id); err != nil {\n\t\t\treturn err\n\t\t}\n\t}', ['s.load']],
  ['a prepared statement', 'stmt, _ := s.db.Prepare("INSERT INTO users (id) VALUES ($1)")\n\tfor _, id := range ids {\n\t\tstmt.Exec(id)\n\t}', ['stmt.Exec']],
  ['the keys of a map', 'for id := range seen {\n\t\ts.db.Exec("DELETE FROM users WHERE id = $1", id)\n\t}', ['s.db.Exec']],
  ['chunks', 'for i := 0; i < len(ids); i += 100 {\n\t\ts.db.Exec("DELETE FROM users WHERE id = ANY($1)", ids[i:i+100])\n\t}', []],
  ['batches by name', 'for _, batch := range lo.Chunk(ids, 100) {\n\t\ts.db.Exec("DELETE FROM users WHERE id = ANY($1)", batch)\n\t}', []],
  ['retries', 'for attempt := 0; attempt < 5; attempt++ {\n\t\ts.db.Exec("DELETE FROM users WHERE id = $1", id)\n\t}', []],
  ['a literal list', 'for _, table := range []string{"a", "b"} {\n\t\ts.db.Exec("DELETE FROM users WHERE kind = $1", table)\n\t}', []],
  ['a constant list', 'for _, kind := range kinds {\n\t\ts.db.Exec("DELETE FROM users WHERE kind = $1", kind)\n\t}', []],
  ['the first hit', 'for _, id := range ids {\n\t\treturn s.db.QueryRow("SELECT name FROM users WHERE id = $1", id).Scan(&name)\n\t}', []],
  ['a page walk', 'for {\n\t\trows, err := s.db.Query("SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT 100", id)\n\t\tif rows == nil {\n\t\t\tbreak\n\t\t}\n\t\tid = last(rows)\n\t}', []],
  ['a fixed number of turns', 'for i := 0; i < 3; i++ {\n\t\ts.db.Exec("DELETE FROM users WHERE id = $1", i)\n\t}', []],
];

group('loops', () => {
  it.each(loops)('%s', async (_name, body, expected) => {
    const workspace = await codeWorkspace({ 'store/store.go': `${inFunction(`\t${body}`, 'var kinds = []string{"x", "y"}')}\nfunc (s *Store) load(ctx context.Context, id int64) (string, error) {\n\tvar name string\n\terr := s.db.QueryRowContext(ctx, "SELECT name FROM users WHERE id = $1", id).Scan(&name)\n\treturn name, err\n}\n` });
    expect(workspace.loops('store/store.go')).toEqual(expected);
  });

  it('follows calls into other files and packages', async () => {
    const workspace = await codeWorkspace({
      'internal/store/users.go': 'package store\n\ntype Users struct {\n\tdb *sql.DB\n}\n',
      'internal/store/load.go': 'package store\n\nfunc (u *Users) Load(ctx context.Context, id int64) error {\n\treturn u.db.QueryRow("SELECT name FROM users WHERE id = $1", id).Scan(nil)\n}\n\nfunc Count(db *sql.DB, id int64) {\n\tdb.QueryRow("SELECT count(*) FROM users WHERE id = $1", id)\n}\n',
      'internal/api/api.go': 'package api\n\nimport "example.org/app/internal/store"\n\ntype API struct {\n\tusers *store.Users\n\tdb *sql.DB\n}\n\nfunc (a *API) All(ctx context.Context, ids []int64) {\n\tfor _, id := range ids {\n\t\ta.users.Load(ctx, id)\n\t\tstore.Count(a.db, id)\n\t}\n}\n',
    });
    expect(workspace.loops('internal/api/api.go')).toEqual(['a.users.Load', 'store.Count']);
  });

  it('follows calls into what sqlc has generated', async () => {
    const workspace = await codeWorkspace({
      'db/users.sql.go': '// Code generated by sqlc. DO NOT EDIT.\npackage db\n\nconst getUser = `-- name: GetUser :one\nSELECT id, name FROM users WHERE id = $1\n`\n\nfunc (q *Queries) GetUser(ctx context.Context, id int64) (User, error) {\n\trow := q.db.QueryRow(ctx, getUser, id)\n\tvar i User\n\terr := row.Scan(&i.ID)\n\treturn i, err\n}\n',
      'db/db.go': '// Code generated by sqlc. DO NOT EDIT.\npackage db\n\ntype DBTX interface {\n\tQueryRow(context.Context, string, ...interface{}) pgx.Row\n}\n\ntype Queries struct {\n\tdb DBTX\n}\n',
      'service.go': 'package app\n\nimport "example.org/app/db"\n\nfunc names(ctx context.Context, q *db.Queries, ids []int64) {\n\tfor _, id := range ids {\n\t\tq.GetUser(ctx, id)\n\t}\n}\n',
    });
    expect(workspace.loops('service.go')).toEqual(['q.GetUser']);
    expect(workspace.lint('service.go')).toEqual(['n-plus-one: q.GetUser']);
  });
});

group('what goes on beside the loop', () => {
  it.each([
    ['ranges of keys', '\tfor _, keyRange := range keyRanges {\n\t\ts.db.Query("SELECT id FROM a WHERE id >= $1 AND id < $2", keyRange.Lower, keyRange.Upper)\n\t}', []],
    ['a helper that gives chunks', '\tinChunks(50, ids, func(part []int64) error {\n\t\t_, err := s.db.Exec("DELETE FROM a WHERE id = ANY($1)", part)\n\t\treturn err\n\t})', []],
    ['a helper that gives elements', '\toneByOne(50, ids, func(one int64) error {\n\t\t_, err := s.db.Exec("DELETE FROM a WHERE id = $1", one)\n\t\treturn err\n\t})', ['s.db.Exec']],
    ['a worker that is started for each', '\tfor _, id := range ids {\n\t\tstart(s, id)\n\t}', []],
    ['a goroutine for each', '\tfor _, id := range ids {\n\t\tgo s.work(ctx, id)\n\t}', ['s.work']],
  ])('%s', async (_name, body, expected) => {
    const helpers = 'func inChunks(size int, all []int64, fn func(part []int64) error) {\n\tfor i := 0; i < len(all); i += size {\n\t\tfn(all[i:i+size])\n\t}\n}\n\nfunc oneByOne(size int, all []int64, fn func(one int64) error) {\n\tfor _, one := range all {\n\t\tfn(one)\n\t}\n}\n\nfunc start(s *Store, id int64) {\n\tgo s.work(context.Background(), id)\n}\n\nfunc (s *Store) work(ctx context.Context, id int64) {\n\ts.db.Exec("DELETE FROM a WHERE id = $1", id)\n}\n';
    expect((await codeWorkspace({ 'store/store.go': `${inFunction(body)}\n${helpers}` })).loops('store/store.go')).toEqual(expected);
  });
});
