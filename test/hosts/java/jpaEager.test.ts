import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../server/src/core/text/edit';
import { codeWorkspace } from '../../support/readCommon';

const entities = {
  'Order.java': 'import jakarta.persistence.*;\nimport java.util.List;\n\n@Entity\n@Table(name = "orders")\npublic class Order {\n  @Id\n  private Long id;\n  private String status;\n  @OneToMany(mappedBy = "order")\n  private List<Line> lines;\n  public Long getId() { return id; }\n  public List<Line> getLines() { return lines; }\n}\n',
  'Line.java': 'import jakarta.persistence.*;\n\n@Entity\n@Table(name = "lines")\npublic class Line {\n  @Id\n  private Long id;\n  private boolean open;\n  @ManyToOne(fetch = FetchType.LAZY)\n  private Order order;\n}\n',
  'OrderRepository.java': 'import org.springframework.data.jpa.repository.JpaRepository;\nimport java.util.List;\n\npublic interface OrderRepository extends JpaRepository<Order, Long> {\n  List<Order> findByStatus(String status);\n}\n',
  'LineRepository.java': 'import org.springframework.data.jpa.repository.JpaRepository;\nimport java.util.List;\n\npublic interface LineRepository extends JpaRepository<Line, Long> {\n  List<Line> findByOrderId(Long orderId);\n  List<Line> findByOrderIdAndOpenTrue(Long orderId);\n}\n',
};
const service = (rows: string, inner = 'lines.findByOrderId(order.getId())'): string => `import java.util.List;\nimport jakarta.persistence.EntityManager;\nimport org.springframework.data.domain.*;\n\nclass Service {\n  private final OrderRepository orders;\n  private final LineRepository lines;\n  private final EntityManager em;\n\n  void run(String status, Pageable pageable) {\n    List<Order> found = ${rows};\n    for (Order order : found) {\n      List<Line> own = ${inner};\n      System.out.println(own.size());\n    }\n  }\n}\n`;

async function fixed(code: string, files: Readonly<Record<string, string>> = entities): Promise<Readonly<Record<string, string>> | undefined> {
  const all: Readonly<Record<string, string>> = { ...files, 'Service.java': code };
  const found = (await codeWorkspace(all)).findings('Service.java').filter((finding) => finding.rule === 'n-plus-one');
  expect(found).toHaveLength(1);
  const [fix] = found[0]?.fixes() ?? [];
  if (!fix) return undefined;
  const after = Object.fromEntries(Object.entries(all).map(([path, text]) => [path, applyEdits(text, fix.edits.filter((edit) => edit.uri === `file:///workspace/${path}`)) ?? '']));
  const workspace = await codeWorkspace(after);
  for (const path of Object.keys(after)) expect(workspace.file(path).errors).toEqual([]);
  expect(workspace.lint('Service.java', 'n-plus-one')).toEqual([]);
  return { title: fix.title, ...after };
}

describe('children that JPA reads for each parent', () => {
  it('an entity graph on the method that gives the parents', async () => {
    const after = await fixed(service('orders.findByStatus(status)'));
    expect(after?.['title']).toBe('Load `lines` with the query of `found` (@EntityGraph)');
    expect(after?.['OrderRepository.java']).toBe('import org.springframework.data.jpa.repository.EntityGraph;\nimport org.springframework.data.jpa.repository.JpaRepository;\nimport java.util.List;\n\npublic interface OrderRepository extends JpaRepository<Order, Long> {\n  @EntityGraph(attributePaths = "lines")\n  List<Order> findByStatus(String status);\n}\n');
    expect(after?.['Service.java']).toContain('List<Line> own = order.getLines();');
  });
  it('an entity graph on a method that is inherited', async () => {
    expect((await fixed(service('orders.findAll()')))?.['OrderRepository.java']).toContain('  @Override\n  @EntityGraph(attributePaths = "lines")\n  List<Order> findAll();\n}');
  });
  it('a fetch join in JPQL', async () => {
    const after = await fixed(service('em.createQuery("select o from Order o where o.status = :status", Order.class).setParameter("status", status).getResultList()'));
    expect(after?.['Service.java']).toContain('"select distinct o from Order o left join fetch o.lines where o.status = :status"');
  });
  const order = entities['Order.java'];
  it.each([
    ['a page', service('orders.findByStatus(status, pageable)'), entities],
    ['some of the children', service('orders.findByStatus(status)', 'lines.findByOrderIdAndOpenTrue(order.getId())'), entities],
    ['a list that is filtered', service('orders.findByStatus(status)'), { ...entities, 'Order.java': order.replace('@OneToMany', '@SQLRestriction("open")\n  @OneToMany') }],
    ['a set', service('orders.findByStatus(status)'), { ...entities, 'Order.java': order.replaceAll('List<Line>', 'Set<Line>') }],
    ['parents that come from elsewhere', service('given()'), entities],
    ['a graph that is there', service('orders.findByStatus(status)'), { ...entities, 'OrderRepository.java': entities['OrderRepository.java'].replace('  List<Order> findByStatus', '  @EntityGraph("Order.all")\n  List<Order> findByStatus') }],
    ['a limit of the query', service('em.createQuery("select o from Order o", Order.class).setMaxResults(10).getResultList()'), entities],
  ])('is left: %s', async (_, code, files) => {
    expect(await fixed(code, files)).toBeUndefined();
  });
});
