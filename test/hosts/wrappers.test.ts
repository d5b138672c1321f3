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
