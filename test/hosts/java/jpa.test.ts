import { describe, expect, it } from 'vitest';
import { compared, innocent } from '../../support/adapterCases';
import { expectMarks } from '../../support/recordedChains';
import { codeWorkspace } from '../../support/readCommon';

const models = {
  'Order.java': '@Entity\n@Table(name = "orders")\npublic class Order {\n  @Id\n  private Long id;\n  private String status;\n  @Column(name = "total_cents")\n  private int total;\n  private Instant createdAt;\n  private boolean archived;\n  @ManyToOne\n  private Customer customer;\n  @OneToMany(mappedBy = "order")\n  private List<Line> lines;\n}\n',
  'OrderRepository.java': 'import org.springframework.data.jpa.repository.JpaRepository;\npublic interface OrderRepository extends JpaRepository<Order, Long> {\n  List<Order> findByStatus(String status);\n  @Query("select o from Order o where o.archived = false")\n  List<Order> findByTotal(int total);\n  @EntityGraph(attributePaths = {"lines"})\n  List<Order> findByArchived(boolean archived);\n  @Override\n  @Query(value = "SELECT * FROM orders WHERE id = :id FOR UPDATE", nativeQuery = true)\n  Optional<Order> readById(Long id);\n  default Order findByStatusNotNull() { return findAll().get(0); }\n}\n',
};
const code = (body: string): string => `import org.springframework.data.jpa.repository.JpaRepository;\nclass Service {\n  private final OrderRepository orders;\n  void run(Long id, List<Long> ids, String name, Instant from, Instant to, int page) {\n    ${body}\n  }\n}\n`;
const statements = async (body: string): Promise<readonly string[]> => {
  const file = (await codeWorkspace({ ...models, 'Service.java': code(body) })).file('Service.java');
  expectMarks(file, code(body));
  return file.sites.map((site) => `${site.source?.text ?? '(opaque)'}${site.complete || !site.source ? '' : ' …'}`);
};

describe('what is read of an entity', () => {
  it('columns by their fields, whatever stands in front of them', async () => {
    const text = '@Entity\n@Table(indexes = {@Index(name = "by_status", columnList = "status")}, name = "orders")\nclass Order {\n  private static final Logger LOG = Logger.of("a");\n  @Id Long id;\n  @Column(length = 3, name = "state")\n  protected String status = "new";\n  @OneToOne(mappedBy = "order")\n  private Bill bill;\n  @JoinColumn(name = "owner")\n  @ManyToOne(fetch = FetchType.LAZY)\n  private Customer customer;\n  private transient int seen;\n  static class Key { private int part; }\n}\n';
    const [model] = (await codeWorkspace({ 'Order.java': text })).file('Order.java').models;
    expect([model?.table, ...(model?.columns.map(({ property, column }) => `${property} ${column}`) ?? [])]).toEqual(['orders', 'id id', 'status state', 'customer owner', 'customerId owner']);
  });

  it('is as fast as the text is long', async () => {
    const blanks = ' '.repeat(5_000);
    const started = performance.now();
    const [model] = (await codeWorkspace({ 'Order.java': `@Entity\nclass Order {\n  private${blanks}final${blanks}String${blanks}name${blanks}= "a";\n  private${blanks}List<String>${blanks}rest()${blanks}{ return null; }\n}\n` })).file('Order.java').models;
    expect(model?.columns.map(({ column }) => column)).toEqual(['name']);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('what Spring Data derives from names', () => {
  it.each(compared<[string, string]>('jpa', [
    ['orders.findById(id);', 'SELECT * FROM orders WHERE id = $1 LIMIT 1'],
    ['orders.existsById(id);', 'SELECT * FROM orders WHERE id = $1 LIMIT 1'],
    ['orders.findByStatus(name);', 'SELECT * FROM orders WHERE status = $1'],
    ['orders.findByStatusAndTotalGreaterThan(name, 5);', 'SELECT * FROM orders WHERE status = $1 AND total_cents > 5'],
    ['orders.findByStatusOrArchivedTrue(name);', 'SELECT * FROM orders WHERE ((status = $1) OR (archived = TRUE))'],
    ['orders.findByIdIn(ids);', 'SELECT * FROM orders WHERE id = ANY($1)'],
    ['orders.findByCustomerId(id);', 'SELECT * FROM orders WHERE customer_id = $1'],
    ['orders.findByCreatedAtBetween(from, to);', 'SELECT * FROM orders WHERE created_at BETWEEN $1 AND $2'],
    ['orders.findByCreatedAtBeforeOrderByCreatedAtDesc(from);', 'SELECT * FROM orders WHERE created_at < $1 ORDER BY created_at DESC'],
    ['orders.findByStatusOrderByTotalAscIdDesc(name);', 'SELECT * FROM orders WHERE status = $1 ORDER BY total_cents, id DESC'],
    ['orders.findFirstByStatusOrderByIdDesc(name);', 'SELECT * FROM orders WHERE status = $1 ORDER BY id DESC LIMIT 1'],
    ['orders.findTop10ByStatus(name);', 'SELECT * FROM orders WHERE status = $1 LIMIT 10'],
    ['orders.findByStatusContaining(name);', "SELECT * FROM orders WHERE status LIKE '%' || $1 || '%'"],
    ['orders.findByStatusStartingWith(name);', "SELECT * FROM orders WHERE status LIKE $1 || '%'"],
    ['orders.findByStatusIsNull();', 'SELECT * FROM orders WHERE status IS NULL'],
    ['orders.findByStatusNot(name);', 'SELECT * FROM orders WHERE status <> $1'],
    ['orders.existsByStatus(name);', 'SELECT * FROM orders WHERE status = $1 LIMIT 1'],
    ['orders.findByStatus(name, pageable);', 'SELECT * FROM orders WHERE status = $1 …'],
    ['orders.findByCustomerName(name);', '(opaque)'],
    ['orders.findByStatusIgnoreCase(name);', '(opaque)'],
    ['orders.findByTotal(5);', '(opaque)'],
    ['orders.findByArchived(true);', '(opaque)'],
    ['orders.readById(id);', '(opaque)'],
    ['orders.findByStatusNotNull();', '(opaque)'],
    ['orders.save(order);', '(opaque)'],
  ]))('%s', async (body, expected) => {
    expect(await statements(body)).toEqual([expected]);
  });

  it.each(innocent('jpa', ['names.findByStatus(name);', 'finder.findById(id);', 'ids.contains(id);', 'String ordersText = name.trim();', 'list.get(page);']))('nothing is sent by %s', async (body) => {
    expect(await statements(body)).toEqual([]);
  });

  it.each([
    ['if (i % 50 == 0) em.flush();', []], ['if (++i == BATCH) { em.flush(); }', []], ['if (i >= BATCH) { em.flush(); }', []], ['if (BATCH <= this.sent) { em.flush(); }', []], ['if (pending.size() == 50) em.flush();', []], ['if (sent.incrementAndGet() == 50) em.flush();', []],
    ['em.flush();', ['em.flush']], ['if (one != null) em.flush();', ['em.flush']], ['if (one.getTotal() > 5) em.flush();', ['em.flush']],
  ])('a flush of a turn: %s', async (body, expected) => {
    const workspace = await codeWorkspace({ ...models, 'Service.java': code(`for (Long one : ids) {\n      em.persist(one);\n      ${body}\n    }`) });
    expect(workspace.loops('Service.java')).toEqual(expected);
  });

  it('finds them in loops', async () => {
    const workspace = await codeWorkspace({ ...models, 'Service.java': code('for (Long one : ids) {\n      orders.findById(one);\n      orders.findByCustomerId(one);\n    }\n    orders.findAllById(ids);') });
    expect(workspace.lint('Service.java')).toEqual(['n-plus-one: orders.findById', 'n-plus-one: orders.findByCustomerId']);
  });
});
