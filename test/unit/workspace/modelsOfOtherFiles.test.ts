import { afterEach, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { createProject } from '../../../server/src/workspace/project';
import { toUri } from '../../../server/src/workspace/paths';
import { makeWorkspace } from '../../support/workspaceFolder';

let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(() => workspace?.remove());

it('a Java repository finds the entity that stands in a file of its own', async () => {
  workspace = makeWorkspace({
    'pom.xml': '<project><dependencies><dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId></dependency></dependencies></project>',
    'src/main/java/a/Order.java': 'package a;\nimport jakarta.persistence.*;\n@Entity\n@Table(name = "shop_orders")\npublic class Order {\n  @Id private Long id;\n  private String status;\n}\n',
    'src/main/java/a/OrderRepository.java': 'package a;\nimport org.springframework.data.jpa.repository.JpaRepository;\npublic interface OrderRepository extends JpaRepository<Order, Long> {\n  java.util.List<Order> findByStatus(String status);\n}\n',
    'src/main/java/a/OrderService.java': 'package a;\npublic class OrderService {\n  private final OrderRepository orders;\n  OrderService(OrderRepository orders) { this.orders = orders; }\n  java.util.List<Order> open() { return orders.findByStatus("open"); }\n}\n',
  });
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {}, threads: 0 });
  await project.scan();
  const texts = project.files.get(toUri(workspace.path('src/main/java/a/OrderService.java')))?.sites.map(({ source }) => source?.text);
  expect(texts?.join()).toContain('shop_orders');
});
