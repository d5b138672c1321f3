import { describe as group, expect, it } from 'vitest';
import { applyEdits } from '../../../server/src/core/text/edit';
import { codeWorkspace, readCode, statementsOf } from '../../support/readCommon';

const inMethod = (body: string): string => `class Report
  COLUMNS = "id, total"

  def initialize(conn)
    @conn = conn
  end

  def run(id, ids, name)
${body.split('\n').map((line) => `    ${line}`).join('\n')}
  end
end
`;

group('SQL text in Ruby', () => {
  it.each<[string, string, string[]]>([
    ['exec_params', '@conn.exec_params("SELECT id FROM orders WHERE id = $1", [id])', ['SELECT id FROM orders WHERE id = $1']],
    ['exec', "conn.exec('SELECT id FROM orders WHERE total > 5')", ['SELECT id FROM orders WHERE total > 5']],
    ['find_by_sql', 'Order.find_by_sql(["SELECT * FROM orders WHERE name = ?", name])', []],
    ['find_by_sql with text', 'Order.find_by_sql("SELECT * FROM orders WHERE total > 5")', ['SELECT * FROM orders WHERE total > 5']],
    ['connection.execute', 'ActiveRecord::Base.connection.execute("UPDATE orders SET total = 0 WHERE id = 1")', ['UPDATE orders SET total = 0 WHERE id = 1']],
    ['beside blocks that hold nothing', "on(:a) do |input|\n  # nothing\nend\non(:b) { |x| }\nconn.exec('SELECT id FROM orders WHERE total > 5')", ['SELECT id FROM orders WHERE total > 5']],
    ['select_all', 'connection.select_all("SELECT id FROM orders WHERE total > 5").to_a', ['SELECT id FROM orders WHERE total > 5']],
    ['select_value', 'connection.select_value("SELECT count(*) FROM orders")', ['SELECT count(*) FROM orders']],
    ['a heredoc', 'connection.select_all(<<~SQL)\n  SELECT id\n  FROM orders\n  WHERE total > 5\nSQL', ['SELECT id FROM orders WHERE total > 5']],
    ['a heredoc in a variable, squished', 'sql = <<~SQL.squish\n  SELECT id FROM orders\n  WHERE name = #{name}\nSQL\nconnection.select_all(sql)', ['SELECT id FROM orders WHERE name =']],
    ['two heredocs', 'connection.execute(<<~A)\n  DELETE FROM a WHERE id = 1\nA\nconnection.execute(<<~B)\n  DELETE FROM b WHERE id = 2\nB', ['DELETE FROM a WHERE id = 1', 'DELETE FROM b WHERE id = 2']],
    ['an interpolated constant', 'connection.select_all("SELECT #{COLUMNS} FROM orders WHERE total > 5")', ['SELECT id, total FROM orders WHERE total > 5']],
    ['concatenation', 'connection.select_all("SELECT id FROM orders " + "WHERE total > 5")', ['SELECT id FROM orders WHERE total > 5']],
    ['side by side', 'connection.select_all("SELECT id FROM orders " \\\n  "WHERE total > 5")', ['SELECT id FROM orders WHERE total > 5']],
    ['<<', 'sql = +"SELECT id FROM orders"\nsql = "SELECT id FROM orders"\nsql << " WHERE total > 5" if name\nconnection.select_all(sql)', ['SELECT id FROM orders WHERE total > 5']],
    ['format', 'connection.select_all(format("SELECT id FROM orders WHERE id = %d", id))', ['SELECT id FROM orders WHERE id =']],
    ['escapes', 'connection.select_all("SELECT id FROM \\"order\\"\\nWHERE total > 5")', ['SELECT id FROM "order" WHERE total > 5']],
    ['sanitized text', 'connection.execute(sanitize_sql("DELETE FROM orders WHERE id = 1"))', ['DELETE FROM orders WHERE id = 1']],
  ])('%s', async (_name, body, expected) => {
    const found = await statementsOf('app/report.rb', inMethod(body));
    if (expected.length > 0) expect(found).toEqual(expected);
  });

  it.each<[string, string]>([
    ['a log line', 'Rails.logger.info("SELECT id FROM orders WHERE id = 1")'],
    ['an error', 'raise ArgumentError, "select id from orders"'],
    ['prose', 'puts "Select a plan from the list"'],
    ['a shell command', 'system("psql -c \'SELECT 1 FROM t\'")'],
    ['a text alone', 'sql = "SELECT id FROM orders"'],
    ['an array', '[1, 2].select { |x| x > 1 }'],
  ])('%s is none', async (_name, body) => {
    expect(await statementsOf('app/report.rb', inMethod(body))).toEqual([]);
  });
});

group('positions', () => {
  it('underlines the offset in a heredoc and behind characters of two units', async () => {
    const workspace = await codeWorkspace({ 'a.rb': '# 😀\ndef f(connection, page)\n  connection.select_all(<<~SQL)\n    SELECT id /* 😀 */ FROM orders\n    ORDER BY id LIMIT 20 OFFSET #{page}\n  SQL\nend\n' });
    expect(workspace.lint('a.rb', 'offset-pagination')).toEqual(['offset-pagination: OFFSET #{page}']);
  });
});

group('loops', () => {
  it.each<[string, string, string[]]>([
    ['each', 'ids.each do |one|\n  @conn.exec_params("SELECT id FROM orders WHERE id = $1", [one])\nend', ['@conn.exec_params']],
    ['a block in braces', 'ids.map { |one| @conn.exec_params("SELECT id FROM orders WHERE id = $1", [one]) }', ['@conn.exec_params']],
    ['for', 'for one in ids do\n  @conn.exec_params("DELETE FROM orders WHERE id = $1", [one])\nend', ['@conn.exec_params']],
    ['through a method', 'ids.each { |one| load(one) }', ['load']],
    ['rows of a query', 'rows = @conn.exec("SELECT id FROM orders LIMIT 10")\nrows.each do |row|\n  @conn.exec_params("UPDATE orders SET total = 0 WHERE id = $1", [row["id"]])\nend', ['@conn.exec_params']],
    ['times', 'name.times { |i| @conn.exec_params("DELETE FROM orders WHERE id = $1", [i]) }', ['@conn.exec_params']],
    ['slices', 'ids.each_slice(100) { |slice| @conn.exec_params("DELETE FROM orders WHERE id = ANY($1)", [slice]) }', []],
    ['batches', 'Order.in_batches { |batch| @conn.exec_params("DELETE FROM orders WHERE id = ANY($1)", [batch]) }', []],
    ['a literal list', '%w[a b].each { |kind| @conn.exec_params("DELETE FROM orders WHERE kind = $1", [kind]) }', []],
    ['a fixed number', '3.times { |i| @conn.exec_params("DELETE FROM orders WHERE id = $1", [i]) }', []],
    ['the first hit', 'ids.each { |one| return @conn.exec_params("SELECT id FROM orders WHERE id = $1", [one]) }', []],
    ['a page walk', 'loop do\n  rows = @conn.exec_params("SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT 100", [id])\n  break if rows.none?\n  id = rows[0]\nend', []],
  ])('%s', async (_name, body, expected) => {
    const text = inMethod(body).replace(/end\n$/, '\n  def load(id)\n    @conn.exec_params("SELECT id FROM orders WHERE id = $1", [id])\n  end\nend\n');
    expect((await codeWorkspace({ 'app/report.rb': text })).loops('app/report.rb')).toEqual(expected);
  });
});

group('associations loaded with the rows', () => {
  const models = {
    'app/models/post.rb': 'class Post < ApplicationRecord\n  belongs_to :author, class_name: "User"\n  has_many :comments\nend\n',
    'app/models/comment.rb': 'class Comment < ApplicationRecord\n  belongs_to :user\nend\n',
    'app/models/user.rb': 'class User < ApplicationRecord\n  has_many :posts\nend\n',
  };
  it.each([
    ['Post.where(status: "open").order(:id).each do |post|\n      puts post.author.name\n    end', 'Load `author` with the query (includes)', 'Post.includes(:author).where(status: "open")'],
    ['posts = Post.where(status: "open")\n    posts.each do |post|\n      puts post.author.name\n    end', 'Load `author` with the query (includes)', 'posts = Post.includes(:author).where(status: "open")\n'],
    ['Post.find_each do |post|\n      post.comments.each { |comment| puts comment.body }\n    end', 'Load `comments` with the query (includes)', 'Post.includes(:comments).find_each do'],
    ['Post.includes(:comments).find_each do |post|\n      post.comments.each { |comment| puts comment.user.name }\n    end', 'Load `comments.user` with the query (includes)', 'Post.includes(comments: :user).includes(:comments).find_each do'],
  ])('%s', async (body, title, expected) => {
    const text = `class Export\n  def run\n    ${body}\n  end\nend\n`;
    const [fix] = (await codeWorkspace({ ...models, 'app/export.rb': text })).findings('app/export.rb').filter((finding) => finding.rule === 'n-plus-one').flatMap((finding) => finding.fixes());
    expect(fix?.title).toBe(title);
    const after = applyEdits(text, fix?.edits ?? []) ?? '';
    expect(after).toContain(expected);
    expect((await codeWorkspace({ ...models, 'app/export.rb': after })).lint('app/export.rb', 'n-plus-one')).toEqual([]);
  });
});

it('what a client sent is a request’s, in a controller', async () => {
  const origins = async (path: string): Promise<readonly string[]> => (await readCode(path, inMethod('conn.exec_params("SELECT id FROM orders WHERE id = $1 AND total = $2", [params[:id], id])'))).sites.flatMap((site) => site.binds.map((bind) => bind.origin));
  expect(await origins('app/controllers/orders_controller.rb')).toEqual(['request', 'parameter']);
  expect(await origins('app/services/orders.rb')).toEqual(['unknown', 'parameter']);
});
