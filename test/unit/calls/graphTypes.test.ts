import { beforeAll, describe, expect, it } from 'vitest';
import { createFlowGraph } from '../../../server/src/core/calls/graph';
import { collectSerializerReads } from '../../../server/src/core/calls/serializerReads';
import { indexModels } from '../../../server/src/core/hosts/models';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';

const MODELS = `from django.db import models

class Customer(models.Model):
    name = models.TextField()

class Product(models.Model):
    name = models.TextField()

class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")

class Item(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
`;
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
  await engine.ensure('python');
});

/** Paths that a client may have loaded per row, `!` where no client decides. */
function reads(schema: string, more: Readonly<Record<string, string>> = {}): readonly string[] {
  const uriOf = (name: string): string => `file:///workspace/shop/${name}`;
  const models = indexModels(engine.read(uriOf('models.py'), MODELS, 'python').models);
  const flow = createFlowGraph(() => undefined);
  for (const [name, text] of Object.entries({ 'models.py': MODELS, 'schema.py': schema, ...more })) flow.set(engine.read(uriOf(name), text, 'python', { models }));
  return collectSerializerReads(flow, flow.file(uriOf('schema.py'))!).map(({ path, conditional }) => `${conditional ? '' : '!'}${path.map(({ property }) => property).join('.')}`);
}

const graphene = (rows: string, order = 'fields = ("id", "customer", "items")', body = ''): string => `import graphene
from graphene_django import DjangoListField, DjangoObjectType
from .models import Customer, Item, Order, Product

class CustomerType(DjangoObjectType):
    class Meta:
        model = Customer
        fields = ("id", "name")

class ProductType(DjangoObjectType):
    class Meta:
        model = Product
        fields = ("id",)

class ItemType(DjangoObjectType):
    class Meta:
        model = Item
        fields = ("id", "order", "product")

class OrderType(DjangoObjectType):
    class Meta:
        model = Order
        ${order}
${body}
class Query(graphene.ObjectType):
    orders = ${rows.startsWith('Django') ? rows : 'graphene.List(graphene.NonNull(OrderType))'}
${rows.startsWith('Django') ? '' : `
    def resolve_orders(root, info):
        return ${rows}
`}`;
const strawberry = (field: string, imports = ''): string => `import strawberry
import strawberry_django
${imports}from strawberry import auto
from .models import Customer, Item, Order

@strawberry_django.type(Customer)
class CustomerType:
    name: auto

@strawberry_django.type(Item)
class ItemType:
    id: auto

@strawberry_django.type(Order)
class OrderType:
    id: auto
    customer: CustomerType
    items: list["ItemType"]

@strawberry.type
class Query:
${field}
`;

describe('types of GraphQL', () => {
  it.each<[string, string, string[]]>([
    ['graphene: what each row leads to', graphene('Order.objects.all()'), ['items.product', 'customer', 'items']],
    ['a list without a resolver', graphene('DjangoListField(OrderType)'), ['items.product', 'customer', 'items']],
    ['all fields', graphene('Order.objects.filter(id__gt=1)', 'fields = "__all__"'), ['items.product', 'customer']],
    ['loaded along', graphene('Order.objects.select_related("customer").prefetch_related("items__product")'), []],
    ['loaded by a package', graphene('gql_optimizer.query(Order.objects.all(), info)'), []],
    ['its own resolver', graphene('Order.objects.all()', 'fields = ("id", "customer")', '\n    def resolve_customer(root, info):\n        return info.context.customers.load(root.customer_id)\n'), []],
    ['rows of its own', graphene('Order.objects.all()', undefined, '\n    @classmethod\n    def get_queryset(cls, queryset, info):\n        return queryset.select_related("customer")\n'), []],
    ['one row', graphene('Order.objects.all()').replace('graphene.List(graphene.NonNull(OrderType))', 'graphene.Field(OrderType)'), []],
    ['Strawberry: by default', strawberry('    orders: list[OrderType] = strawberry_django.field()'), ['customer', 'items']],
    ['Strawberry: a resolver', strawberry('    @strawberry_django.field\n    def orders(self) -> list[OrderType]:\n        return Order.objects.select_related("customer")'), ['items']],
    ['Strawberry with its optimizer', strawberry('    orders: list[OrderType] = strawberry_django.field()', 'from strawberry_django.optimizer import DjangoOptimizerExtension\n'), []],
  ])('%s', (_, schema, expected) => {
    expect([...reads(schema)].sort()).toEqual([...expected].sort());
  });

  it('the optimizer may stand in another file', () => {
    expect(reads(strawberry('    orders: list[OrderType] = strawberry_django.field()'), { 'main.py': 'from strawberry_django.optimizer import DjangoOptimizerExtension\n' })).toEqual([]);
  });
});
