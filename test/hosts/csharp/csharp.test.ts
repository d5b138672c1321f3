import { describe as group, expect, it } from 'vitest';
import { codeWorkspace, statementsOf } from '../../support/readCommon';

const inMethod = (body: string, more = ''): string => `using Dapper;
using Npgsql;
namespace Shop;

public class Orders {
  private const string Columns = "id, total";
  private readonly NpgsqlConnection _conn;

  public async Task Run(int id, List<int> ids, string name) {
    ${body}
  }
${more}}
`;
const loader = '  private async Task<Order> Load(int id) => await _conn.QuerySingleAsync<Order>("SELECT id FROM orders WHERE id = @id", new { id });\n';

group('SQL text in C#', () => {
  it.each<[string, string, string[]]>([
    ['Dapper', 'await _conn.QueryAsync<Order>("SELECT id FROM orders WHERE id = @id", new { id });', ['SELECT id FROM orders WHERE id = @id']],
    ['Execute', '_conn.Execute("DELETE FROM orders WHERE id = @Id", new { Id = id });', ['DELETE FROM orders WHERE id = @Id']],
    ['ExecuteScalar', 'await _conn.ExecuteScalarAsync<long>("SELECT count(*) FROM orders");', ['SELECT count(*) FROM orders']],
    ['a verbatim string', 'await _conn.QueryAsync(@"SELECT ""id""\n      FROM orders\n      WHERE name = @name", new { name });', ['SELECT "id" FROM orders WHERE name = @name']],
    ['a raw string', 'await _conn.QueryAsync("""\n      SELECT id\n      FROM orders\n      WHERE name = @name\n      """, new { name });', ['SELECT id FROM orders WHERE name = @name']],
    ['interpolation of a constant', 'await _conn.QueryAsync($"SELECT {Columns} FROM orders WHERE name = @name", new { name });', ['SELECT id, total FROM orders WHERE name = @name']],
    ['interpolation of a value', 'await _conn.QueryAsync($"SELECT id FROM orders WHERE id = {id}");', ['SELECT id FROM orders WHERE id =']],
    ['concatenation', 'await _conn.QueryAsync("SELECT id FROM orders " + "WHERE total > 5");', ['SELECT id FROM orders WHERE total > 5']],
    ['string.Format', 'await _conn.QueryAsync(string.Format("SELECT {0} FROM orders WHERE total > 5", Columns));', ['SELECT id, total FROM orders WHERE total > 5']],
    ['+= under a condition', 'var sql = "SELECT id FROM orders";\n    if (name != null) sql += " WHERE name = @name";\n    await _conn.QueryAsync(sql, new { name });', ['SELECT id FROM orders WHERE name = @name']],
    ['a StringBuilder', 'var sb = new StringBuilder("SELECT id FROM orders");\n    sb.Append(" WHERE total > 5");\n    await _conn.QueryAsync(sb.ToString());', ['SELECT id FROM orders WHERE total > 5']],
    ['a command', 'await using var cmd = new NpgsqlCommand("SELECT id FROM orders WHERE id = $1", _conn);\n    await cmd.ExecuteReaderAsync();', ['SELECT id FROM orders WHERE id = $1', '(opaque)']],
    ['CommandText', 'var cmd = _conn.CreateCommand();\n    cmd.CommandText = "SELECT id FROM orders WHERE id = @id";\n    var reader = await cmd.ExecuteReaderAsync();', ['SELECT id FROM orders WHERE id = @id']],
    ['FromSql', 'await context.Orders.FromSql($"SELECT * FROM orders WHERE id = {id}").ToListAsync();', ['SELECT * FROM orders WHERE id =']],
    ['FromSqlRaw', 'await context.Orders.FromSqlRaw("SELECT * FROM orders WHERE id = {0}", id).ToListAsync();', ['SELECT * FROM orders WHERE id =']],
    ['ExecuteSql', 'await context.Database.ExecuteSqlAsync($"DELETE FROM orders WHERE id = {id}");', ['DELETE FROM orders WHERE id =']],
  ])('%s', async (_name, body, expected) => {
    expect(await statementsOf('Orders.cs', inMethod(body))).toEqual(expected);
  });

  it.each<[string, string]>([
    ['a log line', '_logger.LogInformation("SELECT id FROM orders WHERE id = {Id}", id);'],
    ['an exception', 'throw new InvalidOperationException("select id from orders");'],
    ['prose', 'Console.WriteLine("Select a plan from the list");'],
    ['LINQ over a list', 'var x = ids.Select(i => i + 1).ToList();'],
    ['a text alone', 'var sql = "SELECT id FROM orders";'],
    ['a command of another kind', 'bus.Execute("reindex");'],
  ])('%s is none', async (_name, body) => {
    expect(await statementsOf('Orders.cs', inMethod(body))).toEqual([]);
  });

  it('speaks of nothing in files of another database', async () => {
    expect(await statementsOf('A.cs', 'using Microsoft.Data.SqlClient;\nclass A { void F(SqlConnection conn) { conn.Query("SELECT id FROM orders"); } }')).toEqual([]);
  });
});

group('positions', () => {
  it('underlines the offset in verbatim and interpolated strings', async () => {
    const workspace = await codeWorkspace({ 'A.cs': 'using Npgsql;\nclass A {\n  // 😀\n  void F(NpgsqlConnection conn, int page, int id) {\n    conn.Query(@"SELECT ""id"" /* 😀 */ FROM orders ORDER BY id LIMIT 20 OFFSET @page", new { page });\n    conn.Query($"SELECT id FROM orders WHERE a = {id} /* {{ */ ORDER BY id LIMIT 20 OFFSET {page}");\n  }\n}\n' });
    expect(workspace.lint('A.cs', 'offset-pagination')).toEqual(['offset-pagination: OFFSET @page', 'offset-pagination: OFFSET {page}']);
  });
});

group('loops', () => {
  it.each<[string, string, string[]]>([
    ['foreach', 'foreach (var one in ids) { await _conn.ExecuteAsync("DELETE FROM orders WHERE id = @one", new { one }); }', ['_conn.ExecuteAsync']],
    ['a counter', 'for (int i = 0; i < ids.Count; i++) { await Load(ids[i]); }', ['Load']],
    ['ForEach', 'ids.ForEach(one => _conn.Execute("DELETE FROM orders WHERE id = @one", new { one }));', ['_conn.Execute']],
    ['tasks', 'await Task.WhenAll(ids.Select(async one => await Load(one)));', ['Load']],
    ['rows', 'var cmd = new NpgsqlCommand("SELECT id FROM orders LIMIT 10", _conn);\n    var reader = await cmd.ExecuteReaderAsync();\n    while (await reader.ReadAsync()) { var one = reader.GetInt32(0); await Load(one); }', ['Load']],
    ['a command in the loop', 'foreach (var one in ids) { using var cmd = new NpgsqlCommand("DELETE FROM orders WHERE id = @id", _conn); cmd.Parameters.AddWithValue("id", one); cmd.ExecuteNonQuery(); }', ['cmd.ExecuteNonQuery']],
    ['chunks', 'foreach (var chunk in ids.Chunk(100)) { await _conn.ExecuteAsync("DELETE FROM orders WHERE id = ANY(@chunk)", new { chunk }); }', []],
    ['a literal list', 'foreach (var kind in new[] { "a", "b" }) { await _conn.ExecuteAsync("DELETE FROM orders WHERE kind = @kind", new { kind }); }', []],
    ['a fixed number', 'for (int i = 0; i < 3; i++) { await Load(i); }', []],
    ['retries', 'for (int attempt = 0; attempt < maxAttempts; attempt++) { await Load(attempt); }', []],
    ['the first hit', 'foreach (var one in ids) { return await Load(one); }', []],
    ['one call for the list', 'await _conn.ExecuteAsync("DELETE FROM orders WHERE id = ANY(@ids)", new { ids });', []],
  ])('%s', async (_name, body, expected) => {
    expect((await codeWorkspace({ 'Orders.cs': inMethod(body, loader) })).loops('Orders.cs')).toEqual(expected);
  });
});
