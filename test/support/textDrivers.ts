/** A statement as an application sends it; `$n` stands for its values, in order. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly Value[];
  readonly fetches: 'many' | 'one' | 'none';
}
export type Value = 'id' | 'name' | 'ids' | 'take' | 'skip';

/**
 * Texts of every driver. What a driver of text sends is its text, so the expected statement is the one written here, with
 * the driver's own parameters; nothing of these is recorded.
 */
export const statements: readonly Statement[] = [
  { sql: 'SELECT id, name FROM users WHERE team_id = $1', values: ['id'], fetches: 'many' },
  { sql: 'SELECT id, name, email FROM users WHERE id = $1', values: ['id'], fetches: 'one' },
  { sql: 'SELECT id FROM users ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2', values: ['take', 'skip'], fetches: 'many' },
  { sql: 'SELECT id, name FROM users WHERE id = ANY($1)', values: ['ids'], fetches: 'many' },
  { sql: 'INSERT INTO users (team_id, name) VALUES ($1, $2)', values: ['id', 'name'], fetches: 'none' },
  { sql: 'INSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name', values: ['id', 'name'], fetches: 'none' },
  { sql: 'UPDATE users SET name = $1, seen_at = now() WHERE id = $2', values: ['name', 'id'], fetches: 'none' },
  { sql: 'DELETE FROM users WHERE id = $1 AND team_id IS NULL', values: ['id'], fetches: 'none' },
  { sql: 'SELECT u.id, t.name\n  FROM users u\n  JOIN teams t ON t.id = u.team_id\n  WHERE t.name ILIKE $1\n  ORDER BY u.id', values: ['name'], fetches: 'many' },
  { sql: "SELECT count(*) FROM users WHERE created_at > now() - interval '1 day'", values: [], fetches: 'one' },
  { sql: 'WITH recent AS (SELECT id FROM users WHERE id > $1) SELECT id FROM recent ORDER BY id LIMIT 5', values: ['id'], fetches: 'many' },
  { sql: "SELECT id FROM jobs WHERE state = 'ready' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1", values: [], fetches: 'one' },
  { sql: 'SELECT id FROM "user" WHERE name = $1', values: ['name'], fetches: 'many' },
];

/** One driver of SQL text, in one language. */
export interface TextDriver {
  readonly id: string;
  readonly library: string;
  readonly path: string;
  /** The file with a body in its function, which has `id`, `ids`, `name`, `take` and `skip`. */
  file(body: string): string;
  /** How the driver writes a parameter, by its number and name. */
  placeholder(n: number, name: string): string;
  /** The call that sends a statement; `text` is a literal, `args` are the values in the language. */
  call(text: string, args: readonly string[], statement: Statement, names: readonly string[]): string;
  /** A literal with the text. */
  literal(sql: string): string;
  /** A value in the language; its own name where absent. */
  value?(name: Value): string;
  /** Statements that only this driver writes so: code, and what it sends. */
  readonly own: readonly (readonly [code: string, ...sql: string[]])[];
  /** Code that looks like the driver's and sends nothing. */
  readonly other: readonly string[];
  /** `what is prepared` is read where its text stands; what runs it has none. */
  readonly prepared?: boolean;
}

const plain = (sql: string): string => `"${sql.replaceAll('"', '\\"')}"`;
const dollar = (n: number): string => `$${n}`;
const question = (): string => '?';
const list = (args: readonly string[]): string => args.map((arg) => `, ${arg}`).join('');

const goLiteral = (sql: string): string => (/[\n"]/.test(sql) ? `\`${sql}\`` : `"${sql}"`);
const goFile = (imports: readonly string[], before = ''): TextDriver['file'] => (body) => `package store\n\nimport (\n\t"context"\n${imports.map((path) => `\t${path}\n`).join('')})\n\ntype Store struct {\n\tdb   *sql.DB\n\tdbx  *sqlx.DB\n\tpool *pgxpool.Pool\n}\n${before}\nfunc (s *Store) run(ctx context.Context, id int64, ids []int64, name string, take int, skip int, users []User) error {\n\t${body}\n\treturn nil\n}\n`;
const goOther = ['log.Printf("SELECT id FROM users WHERE id = %d", id)', 'return errors.New("delete from users failed")', 'values.Get("select id from list")', 'cache.Exec(ctx, "SET users 1")', 'q := "SELECT id FROM users"\n\t_ = q'];

const javaLiteral = (sql: string): string => (sql.includes('\n') ? `"""\n      ${sql}\n      """` : plain(sql));
const javaFile = (imports: readonly string[]): TextDriver['file'] => (body) => `package com.acme;\n${imports.map((name) => `import ${name};\n`).join('')}\nclass Users {\n  private final JdbcTemplate jdbc;\n  private final NamedParameterJdbcTemplate named;\n  private final JdbcClient client;\n  private final EntityManager em;\n\n  void run(Connection conn, long id, List<Long> ids, String name, int take, int skip) throws Exception {\n    ${body}\n  }\n}\n`;
const javaOther = ['log.info("SELECT id FROM users WHERE id = " + id);', 'throw new IllegalStateException("delete from users failed");', 'label.update("Update the list of users");', 'Pattern.compile("select (.*) from (.*)").matcher(name);', 'String sql = "SELECT id FROM users";'];

const phpLiteral = (sql: string): string => (sql.includes('\n') ? `<<<'SQL'\n${sql}\nSQL` : `'${sql.replaceAll("'", "\\'")}'`);
const phpFile = (before = ''): TextDriver['file'] => (body) => `<?php\nnamespace App;\n\nuse Illuminate\\Support\\Facades\\DB;\n\nclass Users {\n    public function __construct(private PDO $pdo, private Connection $connection) {}\n\n    public function run(int $id, array $ids, string $name, int $take, int $skip): mixed {\n${before}        ${body}\n    }\n}\n`;
const phpValue = (name: Value): string => `$${name}`;
const phpOther = ['$this->logger->info("SELECT id FROM users WHERE id = $id");', 'throw new \\Exception("delete from users failed");', '$this->view->select("select a plan from the list");', '$this->redis->exec("SET users 1");', '$sql = "SELECT id FROM users";'];

const csLiteral = (sql: string): string => (sql.includes('\n') ? `@"${sql.replaceAll('"', '""')}"` : plain(sql));
const csFile: TextDriver['file'] = (body) => `using System.Data;\nusing Dapper;\nusing Npgsql;\nusing Microsoft.EntityFrameworkCore;\n\nnamespace Acme;\n\npublic class Users {\n  private readonly NpgsqlConnection _conn;\n  private readonly NpgsqlDataSource _source;\n  private readonly ShopContext _context;\n\n  public async Task Run(long id, long[] ids, string name, int take, int skip) {\n    ${body}\n  }\n}\n`;
const csOther = ['_logger.LogInformation("SELECT id FROM users WHERE id = {Id}", id);', 'throw new Exception("delete from users failed");', '_label.Execute("Update the list of users");', '_redis.Execute("SET", "users");', 'var sql = "SELECT id FROM users";'];

const rsLiteral = (sql: string): string => (sql.includes('"') ? `r#"${sql}"#` : `"${sql}"`);
const rsFile = (use: string): TextDriver['file'] => (body) => `${use}\n\npub async fn run(pool: &PgPool, client: &Client, conn: &mut PgConnection, db: &DatabaseConnection, id: i64, ids: Vec<i64>, name: &str, take: i64, skip: i64) -> Result<()> {\n    ${body}\n    Ok(())\n}\n`;
const rsOther = ['info!("SELECT id FROM users WHERE id = {}", id);', 'return Err(anyhow!("delete from users failed"));', 'let text = format!("SELECT id FROM users WHERE id = {id}");', 'cache.query("select").await?;', 'let sql = "SELECT id FROM users";'];

const rbLiteral = (sql: string): string => (sql.includes('\n') ? `<<~SQL` : sql.includes("'") ? plain(sql) : `'${sql}'`);
const rbFile: TextDriver['file'] = (body) => `class Users\n  def initialize\n    @conn = PG.connect(ENV['URL'])\n  end\n\n  def run(id, ids, name, take, skip)\n    ${body}\n  end\nend\n`;
/** A heredoc's text stands on the lines behind the call. */
const rbCall = (call: string, { sql }: Statement): string => (sql.includes('\n') ? `${call}\n      ${sql}\n    SQL` : call);

const named = (names: readonly string[], args: readonly string[]): readonly (readonly [string, string])[] => names.map((name, at) => [name, args[at] ?? ''] as const);

export const textDrivers: readonly TextDriver[] = [
  {
    id: 'database/sql', library: 'database/sql', path: 'store.go', file: goFile(['"database/sql"', '_ "github.com/lib/pq"']), placeholder: dollar, literal: goLiteral,
    call: (text, args, { fetches }) => (fetches === 'many' ? `rows, err := s.db.QueryContext(ctx, ${text}${list(args)})` : fetches === 'one' ? `err := s.db.QueryRowContext(ctx, ${text}${list(args)}).Scan(&id)` : `_, err := s.db.ExecContext(ctx, ${text}${list(args)})`),
    own: [
      ['tx, err := s.db.BeginTx(ctx, nil)\n\t_, err = tx.Exec("UPDATE users SET name = $1 WHERE id = $2", name, id)', 'UPDATE users SET name = $1 WHERE id = $2'],
      ['stmt, err := s.db.Prepare("SELECT id FROM users WHERE id = $1")\n\terr = stmt.QueryRow(id).Scan(&id)', 'SELECT id FROM users WHERE id = $1', '(opaque)'],
      ['query := "SELECT id FROM users"\n\tif name != "" {\n\t\tquery += " WHERE name = $1"\n\t}\n\trows, err := s.db.Query(query, name)', 'SELECT id FROM users WHERE name = $1'],
      ['rows, err := s.db.Query(fmt.Sprintf("SELECT id FROM users ORDER BY id LIMIT %d", take))', 'SELECT id FROM users ORDER BY id LIMIT '],
    ],
    other: goOther,
  },
  {
    id: 'sqlx (Go)', library: 'database/sql', path: 'store.go', file: goFile(['"github.com/jmoiron/sqlx"', '_ "github.com/lib/pq"']), placeholder: dollar, literal: goLiteral,
    call: (text, args, { fetches }) => (fetches === 'many' ? `err := s.dbx.SelectContext(ctx, &users, ${text}${list(args)})` : fetches === 'one' ? `err := s.dbx.GetContext(ctx, &id, ${text}${list(args)})` : `_, err := s.dbx.ExecContext(ctx, ${text}${list(args)})`),
    own: [
      ['_, err := s.dbx.NamedExec("INSERT INTO users (id, name) VALUES (:id, :name)", map[string]any{"id": id, "name": name})', 'INSERT INTO users (id, name) VALUES (:id, :name)'],
      ['rows, err := s.dbx.NamedQueryContext(ctx, "SELECT id FROM users WHERE name = :name", map[string]any{"name": name})', 'SELECT id FROM users WHERE name = :name'],
      ['query, args, err := sqlx.In("SELECT id FROM users WHERE id IN (?)", ids)\n\terr = s.dbx.Select(&users, s.dbx.Rebind(query), args...)', '(opaque)'],
      ['tx := s.dbx.MustBegin()\n\ttx.MustExec("DELETE FROM users WHERE id = $1", id)', 'DELETE FROM users WHERE id = $1'],
    ],
    other: goOther,
  },
  {
    id: 'pgx', library: 'pgx', path: 'store.go', file: goFile(['"github.com/jackc/pgx/v5"', '"github.com/jackc/pgx/v5/pgxpool"']), placeholder: dollar, literal: goLiteral,
    call: (text, args, { fetches }) => (fetches === 'many' ? `rows, err := s.pool.Query(ctx, ${text}${list(args)})` : fetches === 'one' ? `err := s.pool.QueryRow(ctx, ${text}${list(args)}).Scan(&id)` : `_, err := s.pool.Exec(ctx, ${text}${list(args)})`),
    own: [
      ['rows, err := s.pool.Query(ctx, "SELECT id FROM users WHERE name = @name", pgx.NamedArgs{"name": name})', 'SELECT id FROM users WHERE name = @name'],
      ['tx, err := s.pool.Begin(ctx)\n\t_, err = tx.Exec(ctx, "DELETE FROM users WHERE id = $1", id)', 'DELETE FROM users WHERE id = $1'],
      ['batch := &pgx.Batch{}\n\tbatch.Queue("DELETE FROM users WHERE id = $1", id)\n\tresults := s.pool.SendBatch(ctx, batch)', 'DELETE FROM users WHERE id = $1'],
      ['rows, err := s.pool.Query(ctx, "SELECT id FROM users WHERE id = ANY($1::bigint[])", ids)\n\tall, err := pgx.CollectRows(rows, pgx.RowTo[int64])', 'SELECT id FROM users WHERE id = ANY($1::bigint[])'],
    ],
    other: goOther,
  },
  {
    id: 'sqlc', library: 'pgx', path: 'db/users.sql.go', placeholder: dollar, literal: goLiteral,
    file: (body) => `package db\n\nimport (\n\t"context"\n\n\t"github.com/jackc/pgx/v5"\n\t"github.com/jackc/pgx/v5/pgconn"\n)\n\ntype DBTX interface {\n\tExec(context.Context, string, ...interface{}) (pgconn.CommandTag, error)\n\tQuery(context.Context, string, ...interface{}) (pgx.Rows, error)\n\tQueryRow(context.Context, string, ...interface{}) pgx.Row\n}\n\ntype Queries struct {\n\tdb DBTX\n}\n\nfunc (q *Queries) Run(ctx context.Context, id int64, ids []int64, name string, take int32, skip int32) error {\n\t${body}\n\treturn nil\n}\n`,
    // The generated text is a constant with the query's name before it.
    call: (text, args, { fetches }) => `const query = \`-- name: Run :${fetches === 'none' ? 'exec' : fetches}\n${/^["\`]/.test(text) ? text.slice(1, -1) : text}\n\`\n\t${fetches === 'many' ? `rows, err := q.db.Query(ctx, query${list(args)})` : fetches === 'one' ? `row := q.db.QueryRow(ctx, query${list(args)})` : `_, err := q.db.Exec(ctx, query${list(args)})`}`,
    own: [
      ['return q.db.QueryRow(ctx, `-- name: GetUser :one\nSELECT id FROM users WHERE id = $1 LIMIT 1`, id).Scan(&id)', 'SELECT id FROM users WHERE id = $1 LIMIT 1'],
      ['result, err := q.db.Exec(ctx, `-- name: Touch :execrows\nUPDATE users SET seen_at = now() WHERE id = $1`, id)', 'UPDATE users SET seen_at = now() WHERE id = $1'],
    ],
    other: goOther,
  },
  {
    id: 'JDBC', library: 'jdbc', path: 'Users.java', file: javaFile(['java.sql.*', 'javax.sql.DataSource', 'java.util.List']), placeholder: question, literal: javaLiteral, prepared: true,
    call: (text, args, { fetches }) => `try (PreparedStatement ps = conn.prepareStatement(${text})) {\n      ${args.map((arg, at) => `ps.setObject(${at + 1}, ${arg});\n      `).join('')}ps.${fetches === 'none' ? 'executeUpdate' : 'executeQuery'}();\n    }`,
    own: [
      ['ResultSet rs = conn.createStatement().executeQuery("SELECT id FROM users WHERE name IS NULL");', 'SELECT id FROM users WHERE name IS NULL'],
      ['conn.createStatement().executeUpdate("DELETE FROM users WHERE name IS NULL");', 'DELETE FROM users WHERE name IS NULL'],
      ['StringBuilder sql = new StringBuilder("SELECT id FROM users");\n    if (name != null) { sql.append(" WHERE name = ?"); }\n    PreparedStatement ps = conn.prepareStatement(sql.toString());\n    ps.executeQuery();', 'SELECT id FROM users WHERE name = ?', '(opaque)'],
    ],
    other: javaOther,
  },
  {
    id: 'JdbcTemplate', library: 'jdbc', path: 'Users.java', file: javaFile(['java.util.*', 'org.springframework.jdbc.core.*', 'org.springframework.jdbc.core.namedparam.*']), placeholder: question, literal: javaLiteral,
    call: (text, args, { fetches }) => (fetches === 'many' ? `jdbc.query(${text}, mapper${list(args)});` : fetches === 'one' ? `jdbc.queryForObject(${text}, Long.class${list(args)});` : `jdbc.update(${text}${list(args)});`),
    own: [
      ['named.query("SELECT id FROM users WHERE name = :name", Map.of("name", name), mapper);', 'SELECT id FROM users WHERE name = :name'],
      ['named.update("UPDATE users SET name = :name WHERE id = :id", new MapSqlParameterSource("name", name).addValue("id", id));', 'UPDATE users SET name = :name WHERE id = :id'],
      ['client.sql("SELECT id FROM users WHERE id = :id").param("id", id).query(Long.class).single();', 'SELECT id FROM users WHERE id = :id'],
      ['jdbc.queryForList("SELECT id FROM users WHERE id = ?", Long.class, id);', 'SELECT id FROM users WHERE id = ?'],
    ],
    other: javaOther,
  },
  {
    id: 'PDO', library: 'pdo', path: 'Users.php', file: phpFile(), placeholder: (_, name) => `:${name}`, literal: phpLiteral, value: phpValue, prepared: true,
    call: (text, args, _, names) => `$stmt = $this->pdo->prepare(${text});\n        $stmt->execute([${named(names, args).map(([name, arg]) => `'${name}' => ${arg}`).join(', ')}]);`,
    own: [
      ['$this->pdo->query("SELECT id FROM users WHERE name IS NULL")->fetchAll();', 'SELECT id FROM users WHERE name IS NULL'],
      ['$this->pdo->exec("DELETE FROM users WHERE name IS NULL");', 'DELETE FROM users WHERE name IS NULL'],
      ['$stmt = $this->pdo->prepare("SELECT id FROM users WHERE id = ?");\n        $stmt->execute([$id]);', 'SELECT id FROM users WHERE id = ?', '(opaque)'],
      ["pg_query_params($this->connection, 'SELECT id FROM users WHERE id = $1', [$id]);", 'SELECT id FROM users WHERE id = $1'],
    ],
    other: phpOther,
  },
  {
    id: 'Laravel DB', library: 'pdo', path: 'app/Users.php', file: phpFile(), placeholder: question, literal: phpLiteral, value: phpValue,
    call: (text, args, { sql }) => `DB::${/^INSERT/.test(sql) ? 'insert' : /^UPDATE/.test(sql) ? 'update' : /^DELETE/.test(sql) ? 'delete' : 'select'}(${text}, [${args.join(', ')}]);`,
    own: [
      ['DB::selectOne("SELECT id FROM users WHERE id = ?", [$id]);', 'SELECT id FROM users WHERE id = ?'],
      ['DB::statement("UPDATE users SET seen_at = now() WHERE id = :id", ["id" => $id]);', 'UPDATE users SET seen_at = now() WHERE id = :id'],
      ['DB::scalar("SELECT count(*) FROM users WHERE id > ?", [$id]);', 'SELECT count(*) FROM users WHERE id > ?'],
    ],
    other: phpOther,
  },
  {
    id: 'Dapper', library: 'npgsql', path: 'Users.cs', file: csFile, placeholder: (_, name) => `@${name}`, literal: csLiteral,
    call: (text, args, { fetches }, names) => `${fetches === 'none' ? '' : 'var found = '}await _conn.${fetches === 'many' ? 'QueryAsync<User>' : fetches === 'one' ? 'QuerySingleOrDefaultAsync<long>' : 'ExecuteAsync'}(${text}${names.length > 0 ? `, new { ${named(names, args).map(([name, arg]) => (name === arg ? name : `${name} = ${arg}`)).join(', ')} }` : ''});`,
    own: [
      ['var user = _conn.QueryFirst<User>("SELECT id FROM users WHERE id = @Id", new { Id = id });', 'SELECT id FROM users WHERE id = @Id'],
      ['var names = (await _conn.QueryAsync<string>($"SELECT name FROM users WHERE id = {id}")).ToList();', 'SELECT name FROM users WHERE id = '],
      ['await _conn.ExecuteScalarAsync<int>("SELECT count(*) FROM users WHERE id = ANY(@ids)", new { ids });', 'SELECT count(*) FROM users WHERE id = ANY(@ids)'],
    ],
    other: csOther,
  },
  {
    id: 'Npgsql', library: 'npgsql', path: 'Users.cs', file: csFile, placeholder: dollar, literal: csLiteral, prepared: true,
    call: (text, args, { fetches }) => `await using var cmd = new NpgsqlCommand(${text}, _conn);\n    ${args.map((arg) => `cmd.Parameters.AddWithValue(${arg});\n    `).join('')}await cmd.${fetches === 'none' ? 'ExecuteNonQueryAsync' : 'ExecuteReaderAsync'}();`,
    own: [
      ['await using var cmd = _source.CreateCommand("SELECT id FROM users WHERE name = @name");\n    cmd.Parameters.AddWithValue("name", name);\n    await using var reader = await cmd.ExecuteReaderAsync();', 'SELECT id FROM users WHERE name = @name', '(opaque)'],
      ['var cmd = _conn.CreateCommand();\n    cmd.CommandText = "DELETE FROM users WHERE id = @id";\n    cmd.Parameters.AddWithValue("id", id);\n    cmd.ExecuteNonQuery();', 'DELETE FROM users WHERE id = @id'],
      ['await _context.Database.ExecuteSqlInterpolatedAsync($"UPDATE users SET name = {name} WHERE id = {id}");', 'UPDATE users SET name =  WHERE id = '],
    ],
    other: csOther,
  },
  {
    id: 'sqlx', library: 'sqlx', path: 'src/users.rs', file: rsFile('use sqlx::PgPool;'), placeholder: dollar, literal: rsLiteral,
    call: (text, args, { fetches }) => `sqlx::query(${text})${args.map((arg) => `.bind(${arg})`).join('')}.${fetches === 'many' ? 'fetch_all' : fetches === 'one' ? 'fetch_one' : 'execute'}(pool).await?;`,
    own: [
      ['let user = sqlx::query_as!(User, "SELECT id, name FROM users WHERE id = $1", id).fetch_optional(pool).await?;', 'SELECT id, name FROM users WHERE id = $1'],
      ['let n = sqlx::query_scalar!("SELECT count(*) FROM users WHERE name = $1", name).fetch_one(pool).await?;', 'SELECT count(*) FROM users WHERE name = $1'],
      ['let mut tx = pool.begin().await?;\n    sqlx::query!("DELETE FROM users WHERE id = $1", id).execute(&mut *tx).await?;\n    tx.commit().await?;', 'DELETE FROM users WHERE id = $1'],
      ['let users = sqlx::query_as::<_, User>("SELECT id FROM users WHERE id = ANY($1)").bind(&ids).fetch_all(pool).await?;', 'SELECT id FROM users WHERE id = ANY($1)'],
    ],
    other: rsOther,
  },
  {
    id: 'tokio-postgres', library: 'tokio-postgres', path: 'src/users.rs', file: rsFile('use tokio_postgres::Client;'), placeholder: dollar, literal: rsLiteral,
    call: (text, args, { fetches }) => `client.${fetches === 'many' ? 'query' : fetches === 'one' ? 'query_one' : 'execute'}(${text}, &[${args.map((arg) => `&${arg}`).join(', ')}]).await?;`,
    own: [
      ['let row = client.query_opt("SELECT id FROM users WHERE id = $1", &[&id]).await?;', 'SELECT id FROM users WHERE id = $1'],
      ['let tx = client.transaction().await?;\n    tx.execute("DELETE FROM users WHERE id = $1", &[&id]).await?;\n    tx.commit().await?;', 'DELETE FROM users WHERE id = $1'],
    ],
    other: rsOther,
  },
  {
    id: 'pg (Ruby)', library: 'active-record', path: 'users.rb', file: rbFile, placeholder: dollar, literal: rbLiteral,
    call: (text, args, statement) => rbCall(args.length > 0 ? `@conn.exec_params(${text}, [${args.join(', ')}])` : `@conn.exec(${text})`, statement),
    own: [
      ["@conn.prepare('find', 'SELECT id FROM users WHERE id = $1')\n    @conn.exec_prepared('find', [id])", 'SELECT id FROM users WHERE id = $1', '(opaque)'],
      ["ActiveRecord::Base.connection.select_all('SELECT id FROM users WHERE name IS NULL')", 'SELECT id FROM users WHERE name IS NULL'],
      ["User.find_by_sql(['SELECT id FROM users WHERE id = ?', id])", 'SELECT id FROM users WHERE id = ?'],
      ['@conn.exec("DELETE FROM users WHERE id = #{id}")', 'DELETE FROM users WHERE id = '],
    ],
    other: ['Rails.logger.info("SELECT id FROM users WHERE id = #{id}")', "raise 'delete from users failed'", "label.update('Update the list of users')", "redis.exec('SET users 1')", "sql = 'SELECT id FROM users'"],
  },
];
