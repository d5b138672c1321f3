import { describe as group, expect, it } from 'vitest';
import { codeWorkspace, readCode, statementsOf } from '../../support/readCommon';

const inMethod = (body: string, more = ''): string => `package com.acme.shop;

import java.sql.*;
import jakarta.persistence.EntityManager;
import org.springframework.jdbc.core.JdbcTemplate;

public class Orders {
  private static final String COLUMNS = "id, total";
  private static final String FIND = "SELECT " + COLUMNS + " FROM orders WHERE id = ?";
  private final JdbcTemplate jdbc;
  private final DataSource source;

  public List<Order> run(Connection conn, long id, List<Long> ids, String name) throws SQLException {
    ${body}
  }
${more}}
`;
const loader = '  private Order load(long id) { return jdbc.queryForObject("SELECT id FROM orders WHERE id = ?", mapper, id); }\n';

group('what Java sends', () => {
  it.each<[string, string, string[]]>([
    ['prepareStatement', 'PreparedStatement ps = conn.prepareStatement("SELECT id FROM orders WHERE id = ?");\n    ps.executeQuery();', ['SELECT id FROM orders WHERE id = ?', '(opaque)']],
    ['try with resources', 'try (PreparedStatement ps = conn.prepareStatement("DELETE FROM orders WHERE id = ?")) { ps.executeUpdate(); }', ['DELETE FROM orders WHERE id = ?', '(opaque)']],
    ['a statement', 'conn.createStatement().executeQuery("SELECT id FROM orders WHERE total > 5");', ['SELECT id FROM orders WHERE total > 5']],
    ['a constant', 'jdbc.queryForObject(FIND, mapper, id);', ['SELECT id, total FROM orders WHERE id = ?']],
    ['a text block', 'jdbc.query("""\n        SELECT id\n        FROM orders\n        WHERE name = ?\n        """, mapper, name);', ['SELECT id FROM orders WHERE name = ?']],
    ['concatenation', 'jdbc.query("SELECT id FROM orders " + "WHERE name = ?", mapper, name);', ['SELECT id FROM orders WHERE name = ?']],
    ['a value in the text', 'jdbc.query("SELECT id FROM orders WHERE id = " + id, mapper);', ['SELECT id FROM orders WHERE id =']],
    ['String.format', 'jdbc.query(String.format("SELECT id FROM %s WHERE id = 1", name), mapper);', ['SELECT id FROM WHERE id = 1']],
    ['formatted', 'jdbc.query("SELECT %s FROM orders WHERE id = 1".formatted(COLUMNS), mapper);', ['SELECT id, total FROM orders WHERE id = 1']],
    ['a builder', 'StringBuilder sb = new StringBuilder("SELECT id FROM orders");\n    if (name != null) { sb.append(" WHERE name = ?"); }\n    jdbc.query(sb.toString(), mapper, name);', ['SELECT id FROM orders WHERE name = ?']],
    ['+=', 'String sql = "SELECT id FROM orders";\n    sql += " WHERE name = ?";\n    jdbc.query(sql, mapper, name);', ['SELECT id FROM orders WHERE name = ?']],
    ['escapes', 'jdbc.query("SELECT id FROM \\"order\\"\\nWHERE id = ?", mapper, id);', ['SELECT id FROM "order" WHERE id = ?']],
    ['named parameters', 'named.query("SELECT id FROM orders WHERE name = :name", Map.of("name", name), mapper);', ['SELECT id FROM orders WHERE name = :name']],
    ['JdbcClient', 'client.sql("SELECT id FROM orders WHERE name = :name").param("name", name).query(Order.class).list();', ['SELECT id FROM orders WHERE name = :name']],
    ['update', 'jdbc.update("UPDATE orders SET total = ? WHERE id = ?", 1, id);', ['UPDATE orders SET total = ? WHERE id = ?']],
    ['batchUpdate', 'jdbc.batchUpdate("INSERT INTO orders (id) VALUES (?)", rows);', ['INSERT INTO orders (id) VALUES (?)']],
    ['a native query', 'em.createNativeQuery("SELECT id FROM orders WHERE name = :name").getResultList();', ['SELECT id FROM orders WHERE name = :name']],
  ])('%s', async (_name, body, expected) => {
    expect(await statementsOf('Orders.java', inMethod(body))).toEqual(expected);
  });

  it.each<[string, string]>([
    ['a log line', 'log.info("SELECT id FROM orders WHERE id = " + id);'],
    ['an exception', 'throw new IllegalStateException("select id from orders failed");'],
    ['prose', 'label.update("Update the list of orders");'],
    ['a regular expression', 'Pattern.compile("select (.*) from (.*)").matcher(name);'],
    ['a query of Elasticsearch', 'elastic.query("orders", name);'],
    ['a text alone', 'String sql = "SELECT id FROM orders";'],
  ])('%s is none', async (_name, body) => {
    expect(await statementsOf('Orders.java', inMethod(body))).toEqual([]);
  });

  it('reads native queries of repositories, not JPQL', async () => {
    const text = 'package a;\nimport org.springframework.data.jpa.repository.*;\ninterface Orders extends JpaRepository<Order, Long> {\n  @Query(value = "SELECT id FROM orders ORDER BY id LIMIT 10 OFFSET :skip", nativeQuery = true)\n  List<Order> page(int skip);\n  @Query("SELECT o FROM Order o WHERE o.name = :name")\n  List<Order> named(String name);\n}';
    expect(await statementsOf('Orders.java', text)).toEqual(['SELECT id FROM orders ORDER BY id LIMIT 10 OFFSET :skip']);
    expect((await codeWorkspace({ 'Orders.java': text })).lint('Orders.java', 'offset-pagination')).toEqual(['offset-pagination: OFFSET :skip']);
  });

  it('speaks of nothing in files of another database', async () => {
    expect(await statementsOf('A.java', 'import com.mysql.cj.jdbc.MysqlDataSource;\nclass A { void f(Connection c) { c.prepareStatement("SELECT id FROM orders"); } }')).toEqual([]);
    expect(await statementsOf('A.java', 'class A { void f(Connection conn) { conn.prepareStatement("SELECT `id` FROM orders"); } }')).toEqual([]);
  });
});

group('positions', () => {
  it('underlines the offset in a text block and behind characters of two units', async () => {
    const workspace = await codeWorkspace({ 'A.java': 'import java.sql.*;\nclass A {\n  // 😀\n  void f(JdbcTemplate jdbc, int page) {\n    jdbc.query("""\n      SELECT id /* 😀 */ FROM orders\n      ORDER BY id LIMIT 20 OFFSET ?""", mapper, page * 20);\n    jdbc.query("SELECT id FROM \\"order\\" ORDER BY id LIMIT 20 OFFSET ?", mapper, page * 20);\n  }\n}\n' });
    expect(workspace.lint('A.java', 'offset-pagination')).toEqual(['offset-pagination: OFFSET ?', 'offset-pagination: OFFSET ?']);
  });
});

group('loops', () => {
  it.each<[string, string, string[]]>([
    ['for each', 'for (Long one : ids) { jdbc.queryForObject("SELECT id FROM orders WHERE id = ?", mapper, one); }', ['jdbc.queryForObject']],
    ['a counter', 'for (int i = 0; i < ids.size(); i++) { jdbc.update("DELETE FROM orders WHERE id = ?", ids.get(i)); }', ['jdbc.update']],
    ['forEach', 'ids.forEach(one -> jdbc.update("DELETE FROM orders WHERE id = ?", one));', ['jdbc.update']],
    ['a stream', 'ids.stream().map(one -> load(one)).toList();', ['load']],
    ['a method reference', 'ids.stream().map(this::load).toList();', ['this::load']],
    ['rows', 'ResultSet rs = conn.createStatement().executeQuery("SELECT id FROM orders LIMIT 10");\n    while (rs.next()) { long one = rs.getLong(1); jdbc.update("UPDATE orders SET total = 0 WHERE id = ?", one); }', ['jdbc.update']],
    ['through a method', 'for (Long one : ids) { Order order = load(one); }', ['load']],
    ['a prepared statement', 'PreparedStatement ps = conn.prepareStatement("DELETE FROM orders WHERE id = ?");\n    for (Long one : ids) { ps.setLong(1, one); ps.executeUpdate(); }', ['ps.executeUpdate']],
    ['a batch', 'PreparedStatement ps = conn.prepareStatement("DELETE FROM orders WHERE id = ?");\n    for (Long one : ids) { ps.setLong(1, one); ps.addBatch(); }\n    ps.executeBatch();', []],
    ['chunks', 'for (List<Long> chunk : Lists.partition(ids, 100)) { jdbc.update("DELETE FROM orders WHERE id = ANY(?)", chunk); }', []],
    ['steps', 'for (int i = 0; i < ids.size(); i += 100) { jdbc.update("DELETE FROM orders WHERE id = ANY(?)", ids.subList(i, i + 100)); }', []],
    ['retries', 'for (int attempt = 0; attempt < maxAttempts; attempt++) { jdbc.update("DELETE FROM orders WHERE id = ?", id); }', []],
    ['a constant list', 'for (String kind : List.of("a", "b")) { jdbc.update("DELETE FROM orders WHERE kind = ?", kind); }', []],
    ['rows of Spring, one by one', 'jdbc.query("SELECT id FROM orders LIMIT 10", rs -> { load(rs.getLong(1)); });\n    jdbc.query("SELECT id FROM orders LIMIT 10", (rs, i) -> load(rs.getLong(1)));', ['load', 'load']],
    ['a result of Spring as a whole', 'jdbc.query("SELECT id FROM orders LIMIT 10", rs -> { if (!rs.next()) return null; return load(rs.getLong(1)); });\n    jdbc.query("SELECT id FROM orders LIMIT 10", rs -> rs.next() ? load(rs.getLong(1)) : null);', []],
    ['the first hit', 'for (Long one : ids) { return jdbc.query("SELECT id FROM orders WHERE id = ?", mapper, one); }', []],
    ['a fixed number', 'for (int i = 0; i < 3; i++) { jdbc.update("DELETE FROM orders WHERE id = ?", i); }', []],
  ])('%s', async (_name, body, expected) => {
    expect((await codeWorkspace({ 'Orders.java': inMethod(body, loader) })).loops('Orders.java')).toEqual(expected);
  });

  it('follows fields into other classes and knows repositories', async () => {
    const workspace = await codeWorkspace({
      'com/acme/data/Prices.java': 'package com.acme.data;\npublic class Prices {\n  private JdbcTemplate jdbc;\n  public Price current(long id) { return jdbc.queryForObject("SELECT price FROM prices WHERE id = ?", mapper, id); }\n}\n',
      'com/acme/data/Users.java': 'package com.acme.data;\nimport org.springframework.data.jpa.repository.JpaRepository;\npublic interface UserRepository extends JpaRepository<User, Long> { List<User> findByTeam(long team); }\n',
      'com/acme/Service.java': 'package com.acme;\nimport com.acme.data.*;\nimport org.springframework.stereotype.Service;\n@Service\npublic class Service {\n  private final Prices prices;\n  private final UserRepository users;\n  public Service(Prices prices, UserRepository users) { this.prices = prices; this.users = users; }\n  void run(List<Long> ids) {\n    for (Long id : ids) {\n      prices.current(id);\n      users.findByTeam(id);\n    }\n    users.findAllById(ids);\n  }\n}\n',
    });
    expect(workspace.loops('com/acme/Service.java')).toEqual(['prices.current', 'users.findByTeam']);
    expect(workspace.lint('com/acme/Service.java', 'n-plus-one')).toEqual(['n-plus-one: prices.current', 'n-plus-one: users.findByTeam']);
  });

  it('sees that a page of Spring Data is one by OFFSET', async () => {
    const workspace = await codeWorkspace({ 'A.java': 'import org.springframework.data.domain.*;\nclass A {\n  private OrderRepository orders;\n  Page<Order> page(int page) { return orders.findAll(PageRequest.of(page, 20)); }\n}\n' });
    expect(workspace.lint('A.java', 'offset-pagination')).toEqual(['offset-pagination: PageRequest.of(page, 20)']);
  });
});

it('keeps suppressions and roles', async () => {
  const file = await readCode('src/test/java/ATest.java', 'class ATest {\n  // sargable-disable-next-line n-plus-one: three at most\n  void f() {}\n}');
  expect(file.role).toBe('test');
  expect(file.suppressions).toMatchObject([{ scope: 'next-line', rules: ['n-plus-one'], reason: 'three at most' }]);
});
