import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowGraph } from '../../../server/src/core/calls/flow';
import { createFlowGraph, type MutableFlowGraph } from '../../../server/src/core/calls/graph';
import { collectSerializerReads } from '../../../server/src/core/calls/serializerReads';
import { templateIndex } from '../../../server/src/core/calls/templateIndex';
import { indexModels } from '../../../server/src/core/hosts/models';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';

const MODELS = `from django.db import models

class Customer(models.Model):
    name = models.TextField()

class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
`;
const VIEWS = `from django.shortcuts import render
from rest_framework import generics
from .models import Order
from .serializers import OrderSerializer

def page(request):
    return render(request, "page.html", {"orders": Order.objects.all()})

class Base:
    pass

class Orders(Base, generics.ListAPIView):
    queryset = Order.objects.all()
    serializer_class = OrderSerializer
`;
const serializers = (count: number): string => `from rest_framework import serializers
from .models import Customer, Order

class CustomerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = ["name"]

class OrderSerializer(serializers.ModelSerializer):
${Array.from({ length: count }, (_, i) => `    customer${i} = CustomerSerializer(source="customer")\n`).join('')}    class Meta:
        model = Order
        fields = [${Array.from({ length: count }, (_, i) => `"customer${i}"`).join(', ')}]
`;
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
  await engine.ensure('python');
});

const uriOf = (name: string): string => `file:///workspace/shop/${name.endsWith('.html') ? 'templates/' : ''}${name}`;

function open(): { readonly flow: MutableFlowGraph; write(name: string, text: string): void } {
  const models = indexModels(engine.read(uriOf('models.py'), MODELS, 'python').models);
  const flow = createFlowGraph(() => undefined);
  const write = (name: string, text: string): void => flow.set(engine.read(uriOf(name), text, name.endsWith('.html') ? 'template' : 'python', { models }));
  write('models.py', MODELS);
  write('views.py', VIEWS);
  write('serializers.py', serializers(30));
  write('page.html', '{% for order in orders %}{% include "row.html" %}{% endfor %}');
  write('row.html', '{{ order.id }}');
  write('other.html', '{{ a }}');
  return { flow, write };
}

describe('the index of templates', () => {
  it('keeps what an edit does not concern', () => {
    const { flow, write } = open();
    const { models } = templateIndex(flow);
    expect([...models.keys()]).toContain('django Order');
    write('row.html', '{{ order.customer }}');
    expect(templateIndex(flow).models).toBe(models);
    write('serializers.py', serializers(29));
    expect(templateIndex(flow).models).toBe(models);
    write('models.py', MODELS.replace('class Order', 'class Sale'));
    expect([...templateIndex(flow).models.keys()]).toContain('django Sale');
  });

  it('follows templates that are edited, appear and vanish', () => {
    const { flow, write } = open();
    const rendered = (name: string): readonly string[] => templateIndex(flow).rendersOf(uriOf(name)).map(({ template }) => template.uri.replace(/.*\//, ''));
    expect([rendered('page.html'), rendered('row.html'), rendered('other.html')]).toEqual([['page.html'], ['page.html'], []]);
    write('page.html', '{% include "other.html" %}');
    expect([rendered('row.html'), rendered('other.html')]).toEqual([[], ['page.html']]);
    const [render] = templateIndex(flow).rendersOf(uriOf('other.html'));
    expect(render?.template).toBe(flow.file(uriOf('page.html')));
    flow.delete(uriOf('page.html'));
    expect(rendered('other.html')).toEqual([]);
    write('page.html', '{% extends "row.html" %}');
    expect(rendered('row.html')).toEqual(['page.html']);
    write('views.py', VIEWS.replace('"page.html"', '"other.html"'));
    expect([rendered('row.html'), rendered('other.html')]).toEqual([[], ['other.html']]);
  });

  it('looks at the files once, however many serializers stand in each other', () => {
    const { flow, write } = open();
    let looks = 0;
    const counted: FlowGraph = {
      ...flow,
      get version() { return flow.version; },
      files() {
        looks++;
        return flow.files();
      },
    };
    const reads = (): readonly (string | undefined)[] => collectSerializerReads(counted, flow.file(uriOf('serializers.py'))!).map(({ relation }) => relation?.property);
    expect(reads()).toEqual(['customer']);
    expect(reads()).toEqual(['customer']);
    expect(looks).toBe(1);
    // A base of the view, in another file, chooses the rows: nothing is known of them.
    write('base.py', 'class Base(Base):\n    def get_queryset(self):\n        return None\n');
    expect(reads()).toEqual([]);
    write('base.py', 'class Base(Base):\n    def show(self):\n        return None\n');
    expect(reads()).toEqual(['customer']);
    expect(looks).toBe(3);
  });
});
