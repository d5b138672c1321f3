import { describe, expect, it } from 'vitest';
import { codeWorkspace } from '../support/readCommon';

/** Helper that runs what it is given once, and one that runs it per element; then a body that uses them. */
const once: readonly (readonly [path: string, code: string, expected: readonly string[]])[] = [
  ['a.go', 'package a\n\nfunc (s *Store) inTx(ctx context.Context, fn func(tx *sql.Tx) error) error {\n\ttx, _ := s.db.BeginTx(ctx, nil)\n\tif err := fn(tx); err != nil {\n\t\treturn err\n\t}\n\treturn tx.Commit()\n}\n\nfunc (s *Store) run(ctx context.Context, ids []int64) {\n\tfor _, id := range ids {\n\t\ts.inTx(ctx, func(tx *sql.Tx) error {\n\t\t\t_, err := tx.ExecContext(ctx, "DELETE FROM a WHERE id = $1", id)\n\t\t\treturn err\n\t\t})\n\t}\n}\n', ['tx.ExecContext']],
  ['A.java', 'class A {\n  private Connection conn;\n  void inTx(Consumer<Connection> work) { work.accept(conn); }\n  void run(List<Long> ids) throws Exception {\n    for (Long id : ids) {\n      inTx(c -> {\n        PreparedStatement s = conn.prepareStatement("DELETE FROM a WHERE id = ?");\n        s.setLong(1, id);\n        s.executeUpdate();\n      });\n    }\n  }\n}\n', ['s.executeUpdate']],
  ['a.rb', 'class A\n  def in_tx\n    @conn.transaction { yield }\n  end\n\n  def run(ids)\n    ids.each do |id|\n      in_tx { @conn.exec_params("DELETE FROM a WHERE id = $1", [id]) }\n    end\n  end\nend\n', ['@conn.exec_params']],
  ['A.php', '<?php\nclass A {\n  public function __construct(private PDO $pdo) {}\n  private function inTx(callable $work) { $this->pdo->beginTransaction(); $work($this->pdo); $this->pdo->commit(); }\n  public function run(array $ids) {\n    foreach ($ids as $id) {\n      $this->inTx(function ($pdo) use ($id) {\n        $this->pdo->exec("DELETE FROM a WHERE id = $id");\n      });\n    }\n  }\n}\n', ['$this->pdo->exec']],
  ['A.cs', 'using Npgsql;\nclass A {\n  NpgsqlConnection _conn;\n  async Task InTx(Func<NpgsqlConnection, Task> work) { await work(_conn); }\n  async Task Run(int[] ids) {\n    foreach (var id in ids) {\n      await InTx(async c => {\n        await _conn.ExecuteAsync("DELETE FROM a WHERE id = @id", new { id });\n      });\n    }\n  }\n}\n', ['_conn.ExecuteAsync']],
  ['a.rs', 'use sqlx::PgPool;\nasync fn in_tx<F, T>(pool: &PgPool, work: F) where F: FnOnce(&PgPool) -> T { work(pool).await; }\nasync fn run(pool: &PgPool, ids: Vec<i64>) {\n    for id in ids {\n        in_tx(pool, |p| async move { sqlx::query("DELETE FROM a WHERE id = $1").bind(id).execute(p).await }).await;\n    }\n}\n', ['sqlx::query']],
];
const each: typeof once = [
  ['a.go', 'package a\n\nfunc forEach(ids []int64, fn func(id int64) error) error {\n\tfor _, id := range ids {\n\t\tif err := fn(id); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\treturn nil\n}\n\nfunc (s *Store) run(ctx context.Context, ids []int64) {\n\tforEach(ids, func(id int64) error {\n\t\t_, err := s.db.ExecContext(ctx, "DELETE FROM a WHERE id = $1", id)\n\t\treturn err\n\t})\n}\n', ['s.db.ExecContext']],
  ['A.java', 'class A {\n  private Connection conn;\n  void eachId(List<Long> ids, Consumer<Long> work) { for (Long id : ids) { work.accept(id); } }\n  void run(List<Long> ids) throws Exception {\n    eachId(ids, one -> {\n      PreparedStatement s = conn.prepareStatement("DELETE FROM a WHERE id = ?");\n      s.setLong(1, one);\n      s.executeUpdate();\n    });\n  }\n}\n', ['s.executeUpdate']],
  ['a.rb', 'class A\n  def each_id(ids)\n    ids.each { |id| yield id }\n  end\n\n  def run(ids)\n    each_id(ids) { |one| @conn.exec_params("DELETE FROM a WHERE id = $1", [one]) }\n  end\nend\n', ['@conn.exec_params']],
  ['A.php', '<?php\nclass A {\n  public function __construct(private PDO $pdo) {}\n  private function eachId(array $ids, callable $work) { foreach ($ids as $id) { $work($id); } }\n  public function run(array $ids) {\n    $this->eachId($ids, function ($one) {\n      $this->pdo->exec("DELETE FROM a WHERE id = $one");\n    });\n  }\n}\n', ['$this->pdo->exec']],
  ['A.cs', 'using Npgsql;\nclass A {\n  NpgsqlConnection _conn;\n  async Task EachId(int[] ids, Func<int, Task> work) { foreach (var id in ids) { await work(id); } }\n  async Task Run(int[] ids) {\n    await EachId(ids, async one => {\n      await _conn.ExecuteAsync("DELETE FROM a WHERE id = @one", new { one });\n    });\n  }\n}\n', ['_conn.ExecuteAsync']],
  ['a.rs', 'use sqlx::PgPool;\nasync fn each_id<F, T>(ids: Vec<i64>, work: F) where F: Fn(i64) -> T { for id in ids { work(id).await; } }\nasync fn run(pool: &PgPool, ids: Vec<i64>) {\n    each_id(ids, |one| async move { sqlx::query("DELETE FROM a WHERE id = $1").bind(one).execute(pool).await }).await;\n}\n', ['sqlx::query']],
];

describe('project helpers that run a function', () => {
  it.each(once)('once: the body is where it is given (%s)', async (path, code, expected) => {
    expect((await codeWorkspace({ [path]: code })).loops(path)).toEqual(expected);
  });
  it.each(each)('per element: a loop (%s)', async (path, code, expected) => {
    expect((await codeWorkspace({ [path]: code })).loops(path)).toEqual(expected);
  });
});

/** A function that passes its parameter to a query, a call of it with a text, and one in a loop. */
const texts: readonly (readonly [path: string, code: string])[] = [
  ['a.go', 'package a\n\ntype Store struct {\n\tdb *sql.DB\n}\n\nfunc (s *Store) all(ctx context.Context, query string, args ...any) (*sql.Rows, error) {\n\treturn s.db.QueryContext(ctx, query, args...)\n}\n\nfunc (s *Store) run(ctx context.Context, ids []int64, page int) {\n\ts.all(ctx, "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1", page)\n\tfor _, id := range ids {\n\t\ts.all(ctx, "SELECT id FROM lines WHERE order_id = $1", id)\n\t}\n}\n'],
  ['A.java', 'class A {\n  private JdbcTemplate jdbc;\n  List<Row> all(String query, Object... args) { return jdbc.query(query, mapper, args); }\n  void run(List<Long> ids, int page) {\n    all("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET ?", page);\n    for (Long id : ids) {\n      all("SELECT id FROM lines WHERE order_id = ?", id);\n    }\n  }\n}\n'],
  ['a.rb', 'class A\n  def initialize\n    @conn = PG::Connection.new(ENV["URL"])\n  end\n\n  def all(sql, *args)\n    @conn.exec_params(sql, args)\n  end\n\n  def run(ids, page)\n    all("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1", page)\n    ids.each do |id|\n      all("SELECT id FROM lines WHERE order_id = $1", id)\n    end\n  end\nend\n'],
  ['A.php', '<?php\nclass A {\n  public function __construct(private PDO $pdo) {}\n  private function all(string $sql) { return $this->pdo->query($sql); }\n  public function run(array $ids, int $page) {\n    $this->all("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $page");\n    foreach ($ids as $id) {\n      $this->all("SELECT id FROM lines WHERE order_id = $id");\n    }\n  }\n}\n'],
  ['A.cs', 'using Npgsql;\nusing Dapper;\nclass A {\n  NpgsqlConnection _conn;\n  Task<IEnumerable<int>> All(string sql, object args) => _conn.QueryAsync<int>(sql, args);\n  async Task Run(int[] ids, int page) {\n    await All("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET @page", new { page });\n    foreach (var id in ids) {\n      await All("SELECT id FROM lines WHERE order_id = @id", new { id });\n    }\n  }\n}\n'],
  ['a.rs', 'use sqlx::PgPool;\nasync fn all(pool: &PgPool, sql: &str, id: i64) -> Vec<Row> { sqlx::query(sql).bind(id).fetch_all(pool).await.unwrap() }\nasync fn run(pool: &PgPool, ids: Vec<i64>, page: i64) {\n    all(pool, "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1", page).await;\n    for id in ids {\n        all(pool, "SELECT id FROM lines WHERE order_id = $1", id).await;\n    }\n}\n'],
];

describe('project functions that pass their text to a query', () => {
  it.each(texts)('are queries where they are called (%s)', async (path, code) => {
    const workspace = await codeWorkspace({ [path]: code });
    expect(workspace.file(path).sites.flatMap((site) => site.source?.text.replace(/\$\d+|@\w+|\?|\$\w+/, '').trim() ?? [])).toEqual(['SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET', 'SELECT id FROM lines WHERE order_id =']);
    expect(workspace.lint(path, 'offset-pagination').map((finding) => finding.slice(0, 26))).toEqual(['offset-pagination: OFFSET ']);
    expect(workspace.loops(path)).toHaveLength(1);
  });

  it.each([
    ['of the object itself, of its class, of a value of the class', 'this.query("SELECT 1"); query("SELECT 2"); other.query("SELECT 3"); Store.query("SELECT 4");', ['SELECT 1', 'SELECT 2', 'SELECT 3', 'SELECT 4']],
    ['not of another object', 'clickhouse.query("SELECT 1"); remote.client().query("SELECT 2"); unknown.query("SELECT 3");', []],
  ])('a method is told by what it is called on: %s', async (_, body, expected) => {
    const code = `class Store {\n  private JdbcTemplate jdbc;\n  private ClickHouse clickhouse;\n  private Store other;\n  static List<Row> query(String sql) { return jdbc.query(sql, mapper); }\n  void run() { ${body} }\n}\nclass Remote extends Client {\n  void run() { this.query("SELECT 9"); }\n}\n`;
    expect((await codeWorkspace({ 'Store.java': code })).file('Store.java').sites.flatMap((site) => site.source?.text ?? [])).toEqual(expected);
  });

  it('not a text that goes elsewhere, nor a function of a shared name', async () => {
    const code = 'package a\n\ntype Store struct {\n\tdb *sql.DB\n}\ntype Log struct{}\n\nfunc (s *Store) all(query string) { s.db.Query(query) }\nfunc (l *Log) all(text string) {}\nfunc (s *Store) note(text string, id int64) { s.db.Query("SELECT id FROM a WHERE b = $1", text) }\n\nfunc (s *Store) run(l *Log) {\n\tl.all("SELECT id FROM x")\n\ts.note("select one from the list", 1)\n}\n';
    expect((await codeWorkspace({ 'a.go': code })).file('a.go').sites.flatMap((site) => site.source?.text ?? [])).toEqual(['SELECT id FROM a WHERE b = $1']);
  });
});
