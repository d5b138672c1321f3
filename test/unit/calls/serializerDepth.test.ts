import { beforeAll, describe, expect, it } from 'vitest';
import { createFlowGraph } from '../../../server/src/core/calls/graph';
import { collectSerializerReads } from '../../../server/src/core/calls/serializerReads';
import { indexModels } from '../../../server/src/core/hosts/models';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';

const MODELS = `from django.db import models

class Region(models.Model):
    name = models.TextField()

class Customer(models.Model):
    region = models.ForeignKey(Region, on_delete=models.CASCADE)

class Tag(models.Model):
    name = models.TextField()

class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    tags = models.ManyToManyField(Tag)
`;
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
  await engine.ensure('python');
});

/** Paths that showing the orders reads lazily. */
function reads(meta: string, rows = 'Order.objects.all()', fields = ''): readonly string[] {
  const uriOf = (name: string): string => `file:///workspace/shop/${name}`;
  const models = indexModels(engine.read(uriOf('models.py'), MODELS, 'python').models);
  const flow = createFlowGraph(() => undefined);
  const write = (name: string, text: string): void => flow.set(engine.read(uriOf(name), text, 'python', { models }));
  write('models.py', MODELS);
  write('views.py', `from rest_framework import generics\nfrom .models import Order\nfrom .serializers import OrderSerializer\n\nclass Orders(generics.ListAPIView):\n    queryset = ${rows}\n    serializer_class = OrderSerializer\n`);
  write('serializers.py', `from rest_framework import serializers\nfrom .models import Order\n\nclass OrderSerializer(serializers.ModelSerializer):\n${fields}    class Meta:\n        model = Order\n${meta.split('\n').map((line) => `        ${line}\n`).join('')}`);
  return collectSerializerReads(flow, flow.file(uriOf('serializers.py'))!).map(({ path }) => path.map(({ property }) => property).join('.'));
}

describe('Meta.depth of a serializer', () => {
  it.each<[string, string, string, string[]]>([
    ['none: keys of other tables alone', 'fields = ["id", "customer", "tags"]', 'Order.objects.all()', ['tags']],
    ['one deep', 'fields = ["id", "customer", "tags"]\ndepth = 1', 'Order.objects.all()', ['customer', 'tags']],
    ['two deep', 'fields = ["customer"]\ndepth = 2', 'Order.objects.select_related("customer")', ['customer.region']],
    ['all fields', 'fields = "__all__"\ndepth = 1', 'Order.objects.prefetch_related("tags")', ['customer']],
    ['loaded along', 'fields = "__all__"\ndepth = 2', 'Order.objects.select_related("customer__region").prefetch_related("tags")', []],
  ])('%s', (_, meta, rows, expected) => {
    expect(reads(meta, rows)).toEqual(expected);
  });

  it('a field of its own decides for itself', () => {
    expect(reads('fields = ["customer"]\ndepth = 1', 'Order.objects.all()', '    customer = serializers.PrimaryKeyRelatedField(read_only=True)\n\n')).toEqual([]);
  });
});
