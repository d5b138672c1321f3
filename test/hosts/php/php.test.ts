import { describe as group, expect, it } from 'vitest';
import { applyEdits } from '../../../server/src/core/text/edit';
import { codeWorkspace, statementsOf } from '../../support/readCommon';

const inMethod = (body: string, more = ''): string => `<?php
namespace App;

class Orders {
    private const COLUMNS = 'id, total';
    public function __construct(private PDO $pdo, private Connection $connection) {}

    public function run(int $id, array $ids, ?string $name) {
        ${body}
    }
${more}}
`;
const loader = '    private function load(int $id) {\n        return $this->connection->fetchAssociative(\'SELECT id FROM orders WHERE id = ?\', [$id]);\n    }\n';

group('SQL text in PHP', () => {
  it.each<[string, string, string[]]>([
    ['PDO::query', '$this->pdo->query("SELECT id FROM orders WHERE total > 5");', ['SELECT id FROM orders WHERE total > 5']],
    ['prepare and execute', '$stmt = $this->pdo->prepare(\'SELECT id FROM orders WHERE id = :id\');\n        $stmt->execute([\':id\' => $id]);', ['SELECT id FROM orders WHERE id = :id', '(opaque)']],
    ['exec', '$this->pdo->exec("DELETE FROM orders WHERE id = 1");', ['DELETE FROM orders WHERE id = 1']],
    ['pg_query_params', 'pg_query_params($db, \'SELECT id FROM orders WHERE id = $1\', [$id]);', ['SELECT id FROM orders WHERE id = $1']],
    ['DB::select', 'DB::select(\'SELECT id FROM orders WHERE id = ?\', [$id]);', ['SELECT id FROM orders WHERE id = ?']],
    ['DB::update', 'DB::update("UPDATE orders SET total = 0 WHERE id = :id", [\'id\' => $id]);', ['UPDATE orders SET total = 0 WHERE id = :id']],
    ['DBAL', '$this->connection->fetchAllAssociative(\'SELECT id FROM orders WHERE name = :name\', [\'name\' => $name]);', ['SELECT id FROM orders WHERE name = :name']],
    ['executeStatement', '$this->connection->executeStatement(\'DELETE FROM orders WHERE id = ?\', [$id]);', ['DELETE FROM orders WHERE id = ?']],
    ['interpolation', '$this->pdo->query("SELECT id FROM orders WHERE id = {$id} AND total > 5");', ['SELECT id FROM orders WHERE id = AND total > 5']],
    ['a heredoc', '$this->pdo->query(<<<SQL\n            SELECT id FROM orders\n            WHERE id = $id\n            SQL);', ['SELECT id FROM orders WHERE id =']],
    ['a nowdoc', '$this->pdo->query(<<<\'SQL\'\n            SELECT id FROM orders\n            WHERE total > 5\n            SQL);', ['SELECT id FROM orders WHERE total > 5']],
    ['concatenation with a constant', '$this->pdo->query(\'SELECT \' . self::COLUMNS . \' FROM orders WHERE total > 5\');', ['SELECT id, total FROM orders WHERE total > 5']],
    ['.= under a condition', '$sql = \'SELECT id FROM orders\';\n        if ($name) { $sql .= \' WHERE name = ?\'; }\n        $this->pdo->query($sql);', ['SELECT id FROM orders WHERE name = ?']],
    ['sprintf', '$this->pdo->query(sprintf(\'SELECT id FROM orders WHERE id = %d\', $id));', ['SELECT id FROM orders WHERE id =']],
    ['a quoted quote', '$this->pdo->query(\'SELECT id FROM orders WHERE name = \\\'x\\\'\');', ["SELECT id FROM orders WHERE name = 'x'"]],
    ['several lines', '$this->pdo->query("SELECT id\\nFROM orders\\nWHERE total > 5");', ['SELECT id FROM orders WHERE total > 5']],
  ])('%s', async (_name, body, expected) => {
    expect(await statementsOf('Orders.php', inMethod(body))).toEqual(expected);
  });

  it.each<[string, string]>([
    ['a log line', 'Log::info("SELECT id FROM orders WHERE id = 1");'],
    ['an exception', 'throw new \\RuntimeException("select id from orders");'],
    ['prose', '$this->label->update("Update the list of orders");'],
    ['a text alone', '$sql = "SELECT id FROM orders";'],
    ['echo', 'echo "Select a plan from the list";'],
    ['a collection', '$ids->select("id");'],
  ])('%s is none', async (_name, body) => {
    expect(await statementsOf('Orders.php', inMethod(body))).toEqual([]);
  });

  it('reads files with HTML round the code, and none of another database', async () => {
    expect(await statementsOf('page.php', '<html>\n<?php $rows = $pdo->query("SELECT id FROM orders WHERE total > 5"); ?>\n<p><?= count($rows) ?></p>\n<?php foreach ($rows as $row): ?><b><?= $row ?></b><?php endforeach; ?>\n')).toEqual(['SELECT id FROM orders WHERE total > 5']);
    expect(await statementsOf('a.php', '<?php $pdo = new PDO("mysql:host=x"); $pdo->query("SELECT id FROM orders");')).toEqual([]);
    expect(await statementsOf('a.php', '<?php $pdo->query("SELECT `id` FROM orders");')).toEqual([]);
  });
});

group('positions', () => {
  it('underlines the offset behind escapes, holes and characters of two units', async () => {
    const workspace = await codeWorkspace({ 'a.php': '<?php // 😀\nfunction f($pdo, $id, $page) {\n    $pdo->query("SELECT id, \\"x\\" FROM orders WHERE a = {$id} /* 😀 */ ORDER BY id LIMIT 20 OFFSET $page");\n}\n' });
    expect(workspace.lint('a.php', 'offset-pagination')).toEqual(['offset-pagination: OFFSET $page']);
  });
});

group('loops', () => {
  it.each<[string, string, string[]]>([
    ['foreach', 'foreach ($ids as $one) { $this->connection->fetchAssociative(\'SELECT id FROM orders WHERE id = ?\', [$one]); }', ['$this->connection->fetchAssociative']],
    ['keys and values', 'foreach ($ids as $key => $one) { $this->connection->executeStatement(\'DELETE FROM orders WHERE id = ?\', [$one]); }', ['$this->connection->executeStatement']],
    ['array_map', 'array_map(fn ($one) => $this->load($one), $ids);', ['$this->load']],
    ['a collection', 'collect($ids)->each(function ($one) { $this->load($one); });', ['$this->load']],
    ['a prepared statement', '$stmt = $this->pdo->prepare(\'DELETE FROM orders WHERE id = ?\');\n        foreach ($ids as $one) { $stmt->execute([$one]); }', ['$stmt->execute']],
    ['rows of a query', '$rows = $this->pdo->query(\'SELECT id FROM orders LIMIT 10\');\n        while ($row = $rows->fetch()) { $this->load($row[\'id\']); }', ['$this->load']],
    ['a counter', 'for ($i = 0; $i < count($ids); $i++) { $this->load($ids[$i]); }', ['$this->load']],
    ['chunks', 'foreach (array_chunk($ids, 100) as $chunk) { $this->connection->executeStatement(\'DELETE FROM orders WHERE id = ANY(?)\', [$chunk]); }', []],
    ['a literal list', 'foreach ([\'a\', \'b\'] as $kind) { $this->connection->executeStatement(\'DELETE FROM orders WHERE kind = ?\', [$kind]); }', []],
    ['a fixed number', 'for ($i = 0; $i < 3; $i++) { $this->load($i); }', []],
    ['retries', 'for ($attempt = 0; $attempt < $maxAttempts; $attempt++) { $this->load($attempt); }', []],
    ['the first hit', 'foreach ($ids as $one) { return $this->load($one); }', []],
  ])('%s', async (_name, body, expected) => {
    expect((await codeWorkspace({ 'Orders.php': inMethod(body, loader) })).loops('Orders.php')).toEqual(expected);
  });

  it('follows fields into other classes', async () => {
    const workspace = await codeWorkspace({
      'src/Data/Prices.php': '<?php\nnamespace App\\Data;\nclass Prices {\n    public function __construct(private Connection $connection) {}\n    public function current(int $id) { return $this->connection->fetchOne(\'SELECT price FROM prices WHERE id = ?\', [$id]); }\n}\n',
      'src/Service.php': '<?php\nnamespace App;\nuse App\\Data\\Prices;\nclass Service {\n    public function __construct(private Prices $prices) {}\n    public function run(array $ids) {\n        foreach ($ids as $id) { $this->prices->current($id); }\n    }\n}\n',
    });
    expect(workspace.loops('src/Service.php')).toEqual(['$this->prices->current']);
  });
});

group('relations loaded with the rows', () => {
  const models = { 'app/Models/Post.php': '<?php\nnamespace App\\Models;\nclass Post extends Model {\n  public function author() { return $this->belongsTo(User::class); }\n}\nclass User extends Model {}\n' };
  it.each([
    ['$posts = Post::where("status", "open")->get();\n    foreach ($posts as $post) {\n      echo $post->author->name;\n    }', "$posts = Post::with('author')->where(\"status\", \"open\")->get();"],
    ['foreach (Post::query()->latest()->get() as $post) {\n      echo $post->author->name;\n    }', "Post::query()->with('author')->latest()"],
  ])('%s', async (body, expected) => {
    const text = `<?php\nnamespace App;\nuse App\\Models\\Post;\nclass Export {\n  public function run() {\n    ${body}\n  }\n}\n`;
    const [fix] = (await codeWorkspace({ ...models, 'app/Export.php': text })).findings('app/Export.php').filter((finding) => finding.rule === 'n-plus-one').flatMap((finding) => finding.fixes());
    expect(fix?.title).toBe('Load `author` with the query (with)');
    const after = applyEdits(text, fix?.edits ?? []) ?? '';
    expect(after).toContain(expected);
    expect((await codeWorkspace({ ...models, 'app/Export.php': after })).lint('app/Export.php', 'n-plus-one')).toEqual([]);
  });
});

it('a statement per group with all of its elements is a suspicion at most', async () => {
  const code = (where: string): string => `<?php\nuse Illuminate\\Support\\Facades\\DB;\nclass A {\n  public function run(array $idsByType) {\n    foreach ($idsByType as $type => $ids) {\n      DB::table('refs')->where('kind', $type)->${where}->delete();\n    }\n  }\n}\n`;
  const severities = async (where: string): Promise<readonly string[]> => (await codeWorkspace({ 'A.php': code(where) })).findings('A.php').filter((finding) => finding.rule === 'write-in-loop').map((finding) => finding.severity);
  expect(await severities("whereIn('id', $ids)")).toEqual(['hint']);
  expect(await severities("where('id', count($ids))")).toEqual(['warning']);
});
