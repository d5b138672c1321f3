import { describe, expect, it } from 'vitest';
import { codeWorkspace } from '../../support/readCommon';

const models = {
  'Order.java': '@Entity\n@Table(name = "orders")\npublic class Order {\n  @Id\n  private Long id;\n  private String status;\n  @Column(name = "total_cents")\n  private int total;\n  private Instant createdAt;\n  private boolean archived;\n  @ManyToOne\n  private Customer customer;\n  @OneToMany(mappedBy = "order")\n  private List<Line> lines;\n}\n',
  'OrderRepository.java': 'import org.springframework.data.jpa.repository.JpaRepository;\npublic interface OrderRepository extends JpaRepository<Order, Long> {\n  List<Order> findByStatus(String status);\n}\n',
};
const code = (body: string): string => `import org.springframework.data.jpa.repository.JpaRepository;\nclass Service {\n  private final OrderRepository orders;\n  void run(Long id, List<Long> ids, String name, Instant from, Instant to, int page) {\n    ${body}\n  }\n}\n`;
const statements = async (body: string): Promise<readonly string[]> => (await codeWorkspace({ ...models, 'Service.java': code(body) })).file('Service.java').sites.map((site) => `${site.source?.text ?? '(opaque)'}${site.complete || !site.source ? '' : ' …'}`);

describe('what Spring Data derives from names', () => {
  it.each([
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
    ['orders.save(order);', '(opaque)'],
  ])('%s', async (body, expected) => {
    expect(await statements(body)).toEqual([expected]);
  });

  it.each(['names.findByStatus(name);', 'finder.findById(id);', 'ids.contains(id);', 'String ordersText = name.trim();', 'list.get(page);'])('nothing is sent by %s', async (body) => {
    expect(await statements(body)).toEqual([]);
  });

  it('finds them in loops', async () => {
    const workspace = await codeWorkspace({ ...models, 'Service.java': code('for (Long one : ids) {\n      orders.findById(one);\n      orders.findByCustomerId(one);\n    }\n    orders.findAllById(ids);') });
    expect(workspace.lint('Service.java')).toEqual(['n-plus-one: orders.findById', 'n-plus-one: orders.findByCustomerId']);
  });
});
