import { describe, expect, it } from 'vitest';
import { codeWorkspace, describe as statement } from '../support/readCommon';

type Files = Readonly<Record<string, string>>;

/** A constant in one file, the query in another. */
const constants: readonly (readonly [what: string, files: Files, use: string, expected: readonly string[]])[] = [
  ['Go: another package', {
    'app/queries/queries.go': 'package queries\n\nconst (\n\ttable = "orders"\n\tFindOrders = "SELECT id FROM " + table + " WHERE team_id = $1"\n)\nvar Columns = "id, total"\n',
    'app/store/store.go': 'package store\n\nimport (\n\t"database/sql"\n\t"github.com/acme/app/queries"\n)\n\nfunc run(db *sql.DB, team int64) {\n\tdb.Query(queries.FindOrders, team)\n\tdb.Query("SELECT " + queries.Columns + " FROM orders")\n\tdb.Query(fmt.Sprintf("SELECT %s FROM lines", queries.Columns))\n}\n',
  }, 'app/store/store.go', ['SELECT id FROM orders WHERE team_id = $1', 'SELECT id, total FROM orders', 'SELECT id, total FROM lines']],
  ['Go: another file of the package', {
    'app/sql.go': 'package app\n\nconst findOrders = `SELECT id FROM orders WHERE team_id = $1`\n',
    'app/store.go': 'package app\n\nfunc run(db *sql.DB, team int64) { db.Query(findOrders, team) }\n',
  }, 'app/store.go', ['SELECT id FROM orders WHERE team_id = $1']],
  ['Java: a class of constants, a static import, an interface that is implemented', {
    'src/app/Queries.java': 'package app;\npublic final class Queries {\n  public static final String FIND = "SELECT id FROM orders WHERE team_id = ?";\n  public static final String COUNT = """\n    SELECT count(*) FROM orders""";\n  static String changing = "SELECT 1";\n}\n',
    'src/app/Columns.java': 'package app;\ninterface Columns {\n  String ORDER = "id, total";\n}\n',
    'src/app/web/Store.java': 'package app.web;\nimport app.Queries;\nimport static app.Queries.COUNT;\nclass Store implements Columns {\n  JdbcTemplate jdbc;\n  void run(long team) {\n    jdbc.query(Queries.FIND, mapper, team);\n    jdbc.queryForObject(COUNT, Long.class);\n    jdbc.query("SELECT " + ORDER + " FROM orders", mapper);\n    jdbc.query(Queries.changing, mapper);\n  }\n}\n',
  }, 'src/app/web/Store.java', ['SELECT id FROM orders WHERE team_id = ?', 'SELECT count(*) FROM orders', 'SELECT id, total FROM orders', '(opaque)']],
  ['Ruby: a module of constants, a heredoc', {
    'lib/queries.rb': 'module Queries\n  FIND = "SELECT id FROM orders WHERE team_id = $1".freeze\n  COUNT = <<~SQL\n    SELECT count(*) FROM orders\n  SQL\nend\n',
    'lib/store.rb': 'class Store\n  include Queries\n\n  def run(team)\n    @conn.exec_params(Queries::FIND, [team])\n    @conn.exec_params(COUNT, [])\n  end\nend\n',
  }, 'lib/store.rb', ['SELECT id FROM orders WHERE team_id = $1', 'SELECT count(*) FROM orders']],
  ['PHP: class constants, inherited too', {
    'src/Queries.php': "<?php\nnamespace App;\nabstract class Queries {\n  const FIND = 'SELECT id FROM orders WHERE team_id = ?';\n  protected const COLUMNS = 'id, total';\n}\n",
    'src/Store.php': '<?php\nnamespace App\\Data;\nuse App\\Queries;\nclass Store extends Queries {\n  public function __construct(private PDO $pdo) {}\n  public function run($team) {\n    $this->pdo->query(Queries::FIND);\n    $this->pdo->query("SELECT " . self::COLUMNS . " FROM orders");\n  }\n}\n',
  }, 'src/Store.php', ['SELECT id FROM orders WHERE team_id = ?', 'SELECT id, total FROM orders']],
  ['C#: constants of a static class', {
    'Data/Queries.cs': 'namespace App.Data;\npublic static class Queries {\n  public const string Find = "SELECT id FROM orders WHERE team_id = @team";\n  public static readonly string Count = @"SELECT count(*) FROM orders";\n}\n',
    'Web/Store.cs': 'using App.Data;\nusing Dapper;\nusing static App.Data.Queries;\nnamespace App.Web;\nclass Store {\n  NpgsqlConnection _conn;\n  async Task Run(long team) {\n    await _conn.QueryAsync<long>(Queries.Find, new { team });\n    await _conn.ExecuteScalarAsync<long>(Count);\n  }\n}\n',
  }, 'Web/Store.cs', ['SELECT id FROM orders WHERE team_id = @team', 'SELECT count(*) FROM orders']],
  ['Rust: constants of a module, by path and by name', {
    'src/queries.rs': 'pub const FIND: &str = "SELECT id FROM orders WHERE team_id = $1";\npub static COUNT: &str = r#"SELECT count(*) FROM orders"#;\n',
    'src/store.rs': 'use sqlx::PgPool;\nuse crate::queries::{self, COUNT};\nasync fn run(pool: &PgPool, team: i64) {\n    sqlx::query(queries::FIND).bind(team).fetch_all(pool).await;\n    sqlx::query(crate::queries::FIND).bind(team).fetch_all(pool).await;\n    sqlx::query(COUNT).fetch_one(pool).await;\n}\n',
  }, 'src/store.rs', ['SELECT id FROM orders WHERE team_id = $1', 'SELECT id FROM orders WHERE team_id = $1', 'SELECT count(*) FROM orders']],
];

describe('constants of other files', () => {
  it.each(constants)('%s', async (_, files, use, expected) => {
    const workspace = await codeWorkspace(files);
    const { sites } = workspace.file(use);
    expect(sites.map(statement)).toEqual(expected);
    // Nothing of the other file's positions leaves it.
    const length = files[use]?.length ?? 0;
    for (const site of sites) for (const segment of site.map.segments) expect(segment.host.end).toBeLessThanOrEqual(length);
  });

  it('SQL files that code embeds: a query, and nothing said of its text in the code', async () => {
    const workspace = await codeWorkspace({
      'app/queries/find.sql': '-- one page\nSELECT id FROM orders WHERE team_id = $1 ORDER BY id LIMIT 20 OFFSET 40\n',
      'app/queries/queries.go': 'package queries\n\nimport _ "embed"\n\n//go:embed find.sql\nvar Find string\n',
      'app/store.go': 'package app\n\nimport (\n\t"embed"\n\t"github.com/acme/app/queries"\n)\n\n//go:embed queries/*.sql\nvar files embed.FS\n\n//go:embed queries/find.sql\nvar find string\n\nfunc run(db *sql.DB, ids []int64) {\n\tfor _, id := range ids {\n\t\tdb.Query(queries.Find, id)\n\t\tdb.Query(find, id)\n\t}\n\ttext, _ := files.ReadFile("queries/find.sql")\n\tdb.Query(string(text), 1)\n}\n',
      'src/q/one.sql': 'SELECT id FROM orders WHERE id = $1',
      'src/q/mod.rs': 'pub const ONE: &str = include_str!("one.sql");\n',
      'src/store.rs': 'use sqlx::PgPool;\nuse crate::q;\nasync fn run(pool: &PgPool, ids: Vec<i64>) {\n    for id in ids {\n        sqlx::query(q::ONE).bind(id).fetch_one(pool).await;\n        sqlx::query(include_str!("q/one.sql")).bind(id).fetch_one(pool).await;\n        sqlx::query_file!("src/q/one.sql", id).fetch_one(pool).await;\n    }\n}\n',
    });
    const page = 'SELECT id FROM orders WHERE team_id = $1 ORDER BY id LIMIT 20 OFFSET 40';
    expect(workspace.file('app/store.go').sites.map(statement)).toEqual([page, page, page]);
    expect(workspace.lint('app/store.go')).toEqual(['n-plus-one: db.Query']);
    expect(workspace.lint('app/queries/find.sql', 'offset-pagination')).toHaveLength(1);
    expect(workspace.file('src/store.rs').sites.map(statement)).toEqual(Array(3).fill('SELECT id FROM orders WHERE id = $1'));
    expect(workspace.loops('src/store.rs')).toEqual(['sqlx::query', 'sqlx::query_file']);
  });

  it('not where two say different things, nor what the file itself binds', async () => {
    const workspace = await codeWorkspace({
      'a/A.java': 'package a;\nclass Queries { static final String FIND = "SELECT id FROM a"; }\n',
      'b/B.java': 'package b;\nclass Queries { static final String FIND = "SELECT id FROM b"; }\n',
      'c/C.java': 'package c;\nclass Store {\n  JdbcTemplate jdbc;\n  void run(String FIND) { jdbc.query(Queries.FIND, mapper); jdbc.query(FIND, mapper); }\n}\n',
      'b/D.java': 'package b;\nclass Other {\n  JdbcTemplate jdbc;\n  void run() { jdbc.query(Queries.FIND, mapper); }\n}\n',
    });
    expect(workspace.file('c/C.java').sites.map(statement)).toEqual(['(opaque)', '(opaque)']);
    expect(workspace.file('b/D.java').sites.map(statement)).toEqual(['SELECT id FROM b']);
  });
});

/** A function that sends its text in one file, its calls in another. */
const wrappers: readonly (readonly [what: string, files: Files, use: string])[] = [
  ['Go: a method of a field, a function of another package, one of the own package', {
    'app/db/db.go': 'package db\n\ntype Store struct {\n\tdb *sql.DB\n}\n\nfunc (s *Store) All(ctx context.Context, query string, args ...any) (*sql.Rows, error) {\n\treturn s.db.QueryContext(ctx, query, args...)\n}\n\nfunc One(ctx context.Context, conn *sql.DB, query string, args ...any) *sql.Row {\n\treturn conn.QueryRowContext(ctx, query, args...)\n}\n',
    'app/own.go': 'package app\n\nfunc all(conn *sql.DB, query string, args ...any) { conn.Query(query, args...) }\n',
    'app/use.go': 'package app\n\nimport "github.com/acme/app/db"\n\ntype Service struct {\n\tstore *db.Store\n}\n\nfunc (s *Service) run(ctx context.Context, conn *sql.DB, ids []int64, page int) {\n\tdb.One(ctx, conn, "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1", page)\n\tfor _, id := range ids {\n\t\ts.store.All(ctx, "SELECT id FROM lines WHERE order_id = $1", id)\n\t\tall(conn, "SELECT id FROM parts WHERE order_id = $1", id)\n\t}\n\tother.All(ctx, "SELECT id FROM nothing")\n}\n',
  }, 'app/use.go'],
  ['Java: an injected field by its interface, a static method, an inherited one', {
    'src/app/Store.java': 'package app;\ninterface Store { List<Row> all(String sql, Object... args); }\n',
    'src/app/JdbcStore.java': 'package app;\nclass JdbcStore implements Store {\n  private JdbcTemplate jdbc;\n  public List<Row> all(String sql, Object... args) { return jdbc.query(sql, mapper, args); }\n}\n',
    'src/app/Base.java': 'package app;\nabstract class Base {\n  private JdbcTemplate jdbc;\n  protected List<Row> rows(String sql, Object... args) { return jdbc.query(sql, mapper, args); }\n}\n',
    'src/app/Sql.java': 'package app;\nfinal class Sql {\n  static Row one(JdbcTemplate jdbc, String sql, Object... args) { return jdbc.queryForObject(sql, mapper, args); }\n}\n',
    'src/app/Use.java': 'package app;\nclass Use extends Base {\n  private final Store store;\n  Use(Store store) { this.store = store; }\n  void run(JdbcTemplate jdbc, List<Long> ids, int page) {\n    Sql.one(jdbc, "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET ?", page);\n    for (Long id : ids) {\n      store.all("SELECT id FROM lines WHERE order_id = ?", id);\n      this.rows("SELECT id FROM parts WHERE order_id = ?", id);\n    }\n    other.all("SELECT id FROM nothing");\n  }\n}\n',
  }, 'src/app/Use.java'],
  ['Ruby: a class method, an object held in a field', {
    'lib/db.rb': 'class Db\n  def initialize\n    @conn = PG::Connection.new(ENV["URL"])\n  end\n\n  def all(sql, *args)\n    @conn.exec_params(sql, args)\n  end\n\n  def self.one(sql, *args)\n    conn = PG::Connection.new(ENV["URL"])\n    conn.exec_params(sql, args)\n  end\nend\n',
    'lib/use.rb': 'class Use\n  def initialize\n    @db = Db.new\n  end\n\n  def run(ids, page)\n    Db.one("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1", page)\n    db = Db.new\n    ids.each do |id|\n      @db.all("SELECT id FROM lines WHERE order_id = $1", id)\n      db.all("SELECT id FROM parts WHERE order_id = $1", id)\n    end\n    other.all("SELECT id FROM nothing")\n  end\nend\n',
  }, 'lib/use.rb'],
  ['PHP: an injected object, a static method, a trait', {
    'src/Db.php': '<?php\nnamespace App;\nclass Db {\n  public function __construct(private PDO $pdo) {}\n  public function all(string $sql, array $args = []) { return $this->pdo->query($sql); }\n  public static function one(PDO $pdo, string $sql) { return $pdo->query($sql); }\n}\n',
    'src/Reads.php': '<?php\nnamespace App;\ntrait Reads {\n  private PDO $pdo;\n  protected function rows(string $sql) { return $this->pdo->query($sql); }\n}\n',
    'src/Use_.php': '<?php\nnamespace App;\nclass Use_ {\n  use Reads;\n  public function __construct(private Db $db) {}\n  public function run(PDO $pdo, array $ids, int $page) {\n    Db::one($pdo, "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $page");\n    foreach ($ids as $id) {\n      $this->db->all("SELECT id FROM lines WHERE order_id = $id");\n      $this->rows("SELECT id FROM parts WHERE order_id = $id");\n    }\n    $other->all("SELECT id FROM nothing");\n  }\n}\n',
  }, 'src/Use_.php'],
  ['C#: an injected object by its interface, a static method, an inherited one', {
    'Db.cs': 'using Npgsql;\nusing Dapper;\nnamespace App;\ninterface IDb { Task<IEnumerable<T>> All<T>(string sql, object args); }\nclass Db : IDb {\n  NpgsqlConnection _conn;\n  public Task<IEnumerable<T>> All<T>(string sql, object args) => _conn.QueryAsync<T>(sql, args);\n  public static Task<int> One(NpgsqlConnection conn, string sql, object args) => conn.ExecuteScalarAsync<int>(sql, args);\n}\nabstract class Base {\n  NpgsqlConnection _conn;\n  protected Task<IEnumerable<int>> Rows(string sql, object args) => _conn.QueryAsync<int>(sql, args);\n}\n',
    'Use.cs': 'namespace App;\nclass Use : Base {\n  private readonly IDb _db;\n  public Use(IDb db) { _db = db; }\n  async Task Run(NpgsqlConnection conn, int[] ids, int page) {\n    await Db.One(conn, "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET @page", new { page });\n    foreach (var id in ids) {\n      await _db.All<int>("SELECT id FROM lines WHERE order_id = @id", new { id });\n      await this.Rows("SELECT id FROM parts WHERE order_id = @id", new { id });\n    }\n    await other.All<int>("SELECT id FROM nothing", null);\n  }\n}\n',
  }, 'Use.cs'],
  ['Rust: a function of a module, a method of a field, one of a trait', {
    'src/db.rs': 'use sqlx::PgPool;\npub struct Db { pool: PgPool }\npub trait Reads { async fn rows(&self, sql: &str, id: i64) -> Vec<Row>; }\nimpl Db {\n    pub async fn all(&self, sql: &str, id: i64) -> Vec<Row> { sqlx::query(sql).bind(id).fetch_all(&self.pool).await.unwrap() }\n}\nimpl Reads for Db {\n    async fn rows(&self, sql: &str, id: i64) -> Vec<Row> { sqlx::query(sql).bind(id).fetch_all(&self.pool).await.unwrap() }\n}\npub async fn one(pool: &PgPool, sql: &str, id: i64) -> Row { sqlx::query(sql).bind(id).fetch_one(pool).await.unwrap() }\n',
    'src/service.rs': 'use crate::db::{self, Db, Reads};\nstruct Service { db: Arc<Db> }\nimpl Service {\n    async fn run(&self, pool: &PgPool, reads: &dyn Reads, ids: Vec<i64>, page: i64) {\n        db::one(pool, "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET $1", page).await;\n        for id in ids {\n            self.db.all("SELECT id FROM lines WHERE order_id = $1", id).await;\n            reads.rows("SELECT id FROM parts WHERE order_id = $1", id).await;\n        }\n        other.all("SELECT id FROM nothing", 1).await;\n    }\n}\n',
  }, 'src/service.rs'],
];

describe('query functions of other files', () => {
  it.each(wrappers)('%s', async (_, files, use) => {
    const workspace = await codeWorkspace(files);
    expect(workspace.file(use).sites.flatMap((site) => site.source?.text.replace(/\$\w+|@\w+|\?/, '').trim() ?? [])).toEqual(['SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET', 'SELECT id FROM lines WHERE order_id =', 'SELECT id FROM parts WHERE order_id =']);
    expect(workspace.lint(use, 'offset-pagination').map((finding) => finding.slice(0, 26))).toEqual(['offset-pagination: OFFSET ']);
    expect(workspace.loops(use)).toHaveLength(2);
  });
});

/** Helpers of other files that run a function once, or per element. */
const runners: readonly (readonly [what: string, files: Files, use: string, expected: readonly string[]])[] = [
  ['Go', {
    'app/db/db.go': 'package db\n\nfunc InTx(ctx context.Context, pool *sql.DB, fn func(tx *sql.Tx) error) error {\n\ttx, _ := pool.BeginTx(ctx, nil)\n\treturn fn(tx)\n}\n\nfunc Each(ids []int64, fn func(id int64) error) {\n\tfor _, id := range ids {\n\t\tfn(id)\n\t}\n}\n',
    'app/use.go': 'package app\n\nimport "github.com/acme/app/db"\n\nfunc run(ctx context.Context, pool *sql.DB, ids []int64) {\n\tfor _, id := range ids {\n\t\tdb.InTx(ctx, pool, func(tx *sql.Tx) error {\n\t\t\t_, err := tx.ExecContext(ctx, "DELETE FROM a WHERE id = $1", id)\n\t\t\treturn err\n\t\t})\n\t}\n\tdb.Each(ids, func(id int64) error {\n\t\t_, err := pool.ExecContext(ctx, "DELETE FROM b WHERE id = $1", id)\n\t\treturn err\n\t})\n}\n',
  }, 'app/use.go', ['tx.ExecContext', 'pool.ExecContext']],
  ['Java', {
    'src/app/Tx.java': 'package app;\nclass Tx {\n  private Connection conn;\n  void run(Consumer<Connection> work) { work.accept(conn); }\n  static void each(List<Long> ids, Consumer<Long> work) { for (Long id : ids) { work.accept(id); } }\n}\n',
    'src/app/Use.java': 'package app;\nimport static app.Tx.each;\nclass Use {\n  private Tx tx;\n  private JdbcTemplate jdbc;\n  void run(List<Long> ids) {\n    for (Long id : ids) { tx.run(c -> { jdbc.update("DELETE FROM a WHERE id = ?", id); }); }\n    each(ids, one -> jdbc.update("DELETE FROM b WHERE id = ?", one));\n  }\n}\n',
  }, 'src/app/Use.java', ['jdbc.update', 'jdbc.update']],
  ['Ruby', {
    'lib/tx.rb': 'class Tx\n  def self.run\n    yield\n  end\n\n  def self.each_id(ids)\n    ids.each { |id| yield id }\n  end\nend\n',
    'lib/use.rb': 'class Use\n  def run(ids)\n    ids.each do |id|\n      Tx.run { @conn.exec_params("DELETE FROM a WHERE id = $1", [id]) }\n    end\n    Tx.each_id(ids) { |one| @conn.exec_params("DELETE FROM b WHERE id = $1", [one]) }\n  end\nend\n',
  }, 'lib/use.rb', ['@conn.exec_params', '@conn.exec_params']],
  ['PHP', {
    'src/Tx.php': '<?php\nnamespace App;\nclass Tx {\n  public function run(callable $work) { return $work(); }\n  public static function eachId(array $ids, callable $work) { foreach ($ids as $id) { $work($id); } }\n}\n',
    'src/Use_.php': '<?php\nnamespace App;\nclass Use_ {\n  public function __construct(private Tx $tx, private PDO $pdo) {}\n  public function run(array $ids) {\n    foreach ($ids as $id) {\n      $this->tx->run(function () use ($id) { $this->pdo->exec("DELETE FROM a WHERE id = $id"); });\n    }\n    Tx::eachId($ids, function ($one) { $this->pdo->exec("DELETE FROM b WHERE id = $one"); });\n  }\n}\n',
  }, 'src/Use_.php', ['$this->pdo->exec', '$this->pdo->exec']],
  ['C#', {
    'Tx.cs': 'namespace App;\nclass Tx {\n  public async Task Run(Func<Task> work) { await work(); }\n  public static async Task EachId(int[] ids, Func<int, Task> work) { foreach (var id in ids) { await work(id); } }\n}\n',
    'Use.cs': 'using Npgsql;\nusing Dapper;\nnamespace App;\nclass Use {\n  private readonly Tx _tx;\n  NpgsqlConnection _conn;\n  async Task Run(int[] ids) {\n    foreach (var id in ids) {\n      await _tx.Run(async () => { await _conn.ExecuteAsync("DELETE FROM a WHERE id = @id", new { id }); });\n    }\n    await Tx.EachId(ids, async one => { await _conn.ExecuteAsync("DELETE FROM b WHERE id = @one", new { one }); });\n  }\n}\n',
  }, 'Use.cs', ['_conn.ExecuteAsync', '_conn.ExecuteAsync']],
  ['Rust', {
    'src/tx.rs': 'pub async fn run<F, T>(work: F) where F: FnOnce() -> T { work().await; }\npub async fn each_id<F, T>(ids: Vec<i64>, work: F) where F: Fn(i64) -> T { for id in ids { work(id).await; } }\n',
    'src/service.rs': 'use sqlx::PgPool;\nuse crate::tx;\nuse crate::tx::each_id;\nasync fn go(pool: &PgPool, ids: Vec<i64>) {\n    for id in &ids {\n        tx::run(|| async move { sqlx::query("DELETE FROM a WHERE id = $1").bind(id).execute(pool).await }).await;\n    }\n    each_id(ids, |one| async move { sqlx::query("DELETE FROM b WHERE id = $1").bind(one).execute(pool).await }).await;\n}\n',
  }, 'src/service.rs', ['sqlx::query', 'sqlx::query']],
];

describe('what is not of other files', () => {
  it.each<readonly [string, Files, string]>([
    ['Go: a package of the library that has the name of one of the workspace', {
      'internal/log/log.go': 'package log\n\nfunc Print(db *sql.DB, query string) { db.Query(query) }\n\nconst Prefix = "SELECT 1"\n',
      'a/a.go': 'package a\n\nimport (\n\t"database/sql"\n\t"log"\n)\n\nfunc run(db *sql.DB) {\n\tlog.Print(db, "SELECT id FROM orders")\n}\n',
    }, 'a/a.go'],
    ['Go: a function of another package without its name', {
      'b/b.go': 'package b\n\nfunc all(db *sql.DB, query string) { db.Query(query) }\n',
      'a/a.go': 'package a\n\nfunc run(db *sql.DB) {\n\tall(db, "SELECT id FROM orders")\n}\n',
    }, 'a/a.go'],
    ['Java: a method of the same name of a class that sends nothing', {
      'b/Db.java': 'package b;\nclass Db {\n  private JdbcTemplate jdbc;\n  List<Row> all(String sql) { return jdbc.query(sql, mapper); }\n}\n',
      'a/Use.java': 'package a;\nclass Use {\n  private Texts texts;\n  void run() { texts.all("SELECT id FROM orders"); all("SELECT id FROM lines"); }\n}\n',
    }, 'a/Use.java'],
    ['Ruby: a method of an object of another class', {
      'lib/db.rb': 'class Db\n  def initialize\n    @conn = PG::Connection.new(ENV["URL"])\n  end\n\n  def all(sql)\n    @conn.exec(sql)\n  end\nend\n',
      'lib/use.rb': 'class Use\n  def run(list)\n    list.all("SELECT id FROM orders")\n    Texts.new.all("SELECT id FROM lines")\n  end\nend\n',
    }, 'lib/use.rb'],
    ['Rust: functions of the module at hand and of the one around it', {
      'src/db.rs': 'pub async fn all(pool: &PgPool, sql: &str) { sqlx::query(sql).fetch_all(pool).await; }\n',
      'src/a.rs': 'fn run(pool: &PgPool) { self::all(pool, "SELECT id FROM orders"); super::all(pool, "SELECT id FROM lines"); }\n',
    }, 'src/a.rs'],
    ['Rust: a function of another module', {
      'src/db.rs': 'pub async fn all(pool: &PgPool, sql: &str) { sqlx::query(sql).fetch_all(pool).await; }\n',
      'src/a.rs': 'use crate::texts;\nfn run(pool: &PgPool) { texts::all(pool, "SELECT id FROM orders"); all(pool, "SELECT id FROM lines"); }\n',
    }, 'src/a.rs'],
    ['C#: a text that is no statement, and one in another database\'s words', {
      'Db.cs': 'using Npgsql;\nusing Dapper;\nnamespace X;\nclass Db {\n  NpgsqlConnection _conn;\n  public Task All(string sql) => _conn.QueryAsync<int>(sql);\n}\n',
      'Use.cs': 'namespace X;\nclass Use {\n  Db _db;\n  void Run() { _db.All("the list of plans"); _db.All("orders"); _db.All("SELECT `id` FROM `orders`"); }\n}\n',
    }, 'Use.cs'],
  ])('%s', async (_, files, use) => {
    expect((await codeWorkspace(files)).file(use).sites.map(statement)).toEqual([]);
  });
});

describe('Rust paths lead to one module', () => {
  const files = {
    'src/queries.rs': 'pub const FIND: &str = "SELECT id FROM roots";\n',
    'src/shop/queries.rs': 'pub const FIND: &str = "SELECT id FROM shops";\n',
    'src/shop/mod.rs': 'pub const FIND: &str = "SELECT id FROM mods";\n',
    'src/shop/orders/queries.rs': 'pub const FIND: &str = "SELECT id FROM orders";\n',
  };
  it.each([
    ['', 'crate::queries::FIND', ['SELECT id FROM roots']],
    ['', 'super::queries::FIND', ['SELECT id FROM shops']],
    ['', 'super::FIND', ['SELECT id FROM mods']],
    ['', 'super::super::queries::FIND', ['SELECT id FROM roots']],
    ['', 'self::queries::FIND', ['SELECT id FROM orders']],
    ['', 'crate::shop::orders::queries::FIND', ['SELECT id FROM orders']],
    ['', 'crate::other::queries::FIND', []],
    ['use super::queries;', 'queries::FIND', ['SELECT id FROM shops']],
    ['use crate::queries::{self as all};', 'all::FIND', ['SELECT id FROM roots']],
    ['use crate::shop::queries::FIND;', 'FIND', ['SELECT id FROM shops']],
    ['use super::super::super::queries;', 'queries::FIND', []],
  ])('%s %s', async (use, path, expected) => {
    const workspace = await codeWorkspace({ ...files, 'src/shop/orders.rs': `use sqlx::PgPool;\n${use}\nasync fn run(pool: &PgPool) {\n    sqlx::query(${path}).fetch_all(pool).await;\n}\n` });
    expect(workspace.file('src/shop/orders.rs').sites.flatMap((site) => site.source?.text ?? [])).toEqual(expected);
  });
});

describe('helpers of other files that run a function', () => {
  it.each(runners)('%s', async (_, files, use, expected) => {
    expect((await codeWorkspace(files)).loops(use)).toEqual(expected);
  });
});
