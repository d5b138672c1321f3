import { innocent } from '../../support/adapterCases';
import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { djangoAdapter } from '../../../server/src/core/libraries/django/django';
import { indexModels } from '../../../server/src/core/hosts/models';
import { applied, read } from './support';

const MODELS = `from django.core.paginator import Paginator
from django.db import models, transaction
from django.db.models import F, Q
from django.shortcuts import get_object_or_404
from rest_framework import viewsets
from rest_framework.pagination import CursorPagination, PageNumberPagination


class Customer(models.Model):
    name = models.CharField(max_length=50, db_index=True)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name='orders')
    state = models.CharField(max_length=10)
    total = models.IntegerField()

    class Meta:
        db_table = 'orders'
        indexes = [models.Index(fields=['state', '-total'], name='by_state')]


`;
const uri = 'file:///app/shop/models.py';
const sitesIn = (code: string): { text: string; sites: ReturnType<typeof read>['sites'] } => {
  const text = `${MODELS}${code}\n`;
  return { text, sites: read(text, new Map(), uri).sites };
};
const sent = (code: string): [string | undefined, string][] => {
  const { text, sites } = sitesIn(code);
  return sites.filter((site) => site.executes === 'yes').map((site) => [site.source?.text.replace('orders.id, orders.customer_id, orders.state, orders.total', 'O'), text.slice(site.anchor.start, site.anchor.end)]);
};

describe('forms of Django', () => {
  it.each([
    ['order = get_object_or_404(Order, pk=pk, state="x")', "SELECT O FROM orders WHERE orders.id = $1 AND orders.state = 'x' LIMIT 21", 'get_object_or_404'],
    ['for order in customer.orders.filter(total__gt=1): pass', 'SELECT O FROM orders WHERE orders.customer_id = $1 AND orders.total > 1', 'customer.orders'],
    ['Order.objects.raw("SELECT * FROM orders WHERE id = %s", [pk])', 'SELECT * FROM orders WHERE id = %s', 'Order.objects.raw'],
    ['filters = {"state": "x"}\n    list(Order.objects.filter(**filters))', "SELECT O FROM orders WHERE orders.state = 'x'", 'Order.objects'],
    ['found = Q(state="x") | Q(total=1)\n    list(Order.objects.filter(found))', "SELECT O FROM orders WHERE (orders.state = 'x' OR orders.total = 1)", 'Order.objects'],
    ['Order.objects.filter(pk=pk).update(total=F("total") + 1)', 'UPDATE orders SET total = (orders.total + 1) WHERE orders.id = $1', 'Order.objects'],
    ['customer.delete()', 'DELETE FROM shop_customer WHERE shop_customer.id = $1', 'customer.delete'],
    ['await Order.objects.acount()', 'SELECT COUNT(*) AS __count FROM orders', 'Order.objects'],
    ['if Order.objects.filter(state="x"): pass', "SELECT O FROM orders WHERE orders.state = 'x'", 'Order.objects'],
    ['order = Order.objects.filter(state="x")[0]', "SELECT O FROM orders WHERE orders.state = 'x' LIMIT 1", 'Order.objects'],
  ])('%s', (code, sql, anchor) => {
    expect(sent(`async def run(pk, customer: Customer):\n    ${code}`)).toEqual([[sql, anchor]]);
  });

  it('parts under a condition are variants; keys that are not known leave the statement open', () => {
    const { sites } = sitesIn('def run(state, more):\n    orders = Order.objects.all()\n    if state:\n        orders = orders.filter(state=state)\n    for order in orders:\n        print(order)');
    const walked = sites.find((site) => site.executes === 'yes');
    expect(walked?.source?.text).toContain('WHERE orders.state = $1');
    expect(walked?.conditional.map((part) => part.condition)).toEqual(['state']);
    expect(sitesIn('def run(more):\n    return list(Order.objects.filter(**more))').sites[0]?.complete).toBe(false);
  });

  it('a page class by number has an offset, one with a cursor has none', () => {
    const view = (paging: string): string => `class Orders(viewsets.ModelViewSet):\n    queryset = Order.objects.order_by('total')\n    pagination_class = ${paging}`;
    expect(sent(view('PageNumberPagination'))[0]?.[0]).toContain('OFFSET');
    expect(sent(view('CursorPagination'))).toEqual([]);
    expect(sent('def run(n):\n    return Paginator(Order.objects.filter(state="x"), 20).page(n)').map(([sql]) => sql)).toEqual(["SELECT COUNT(*) AS __count FROM orders WHERE orders.state = 'x'", "SELECT O FROM orders WHERE orders.state = 'x' LIMIT $1 OFFSET $2"]);
  });

  it.each(innocent('django', [
    'rows.filter(state="x")', 'form.save()', 'cache.get(pk)', 'request.session.delete()', 'Order(total=1)', 'Order.objects', 'models.Q(a=1)', 'Order.objects.none()', 'handler.objects.filter(a=1)', 'rows[pk:pk + 5]', 'Order._meta.get_field("a")', 'queue.first()', 'file.delete()',
  ]))('no query: %s', (code) => {
    expect(sent(`def run(rows, form, cache, request, handler, queue, file, pk):\n    value = ${code}`)).toEqual([]);
  });

  it('models give tables, keys and indexes to the catalog', () => {
    const steps = read(MODELS, new Map(), uri).models.map((model) => ({ changes: model.changes, site: { uri, span: model.span } }));
    const catalog = buildCatalog({ source: 'models', label: 'models', steps, assume: {} });
    const orders = [...catalog.tables.values()].find((table) => table.name === 'orders');
    expect(orders?.columns.map((column) => `${column.name} ${column.type}${column.notNull ? ' not null' : ''}`)).toEqual(['id bigint not null', 'customer_id bigint not null', 'state character varying(10) not null', 'total integer not null']);
    expect(orders?.indexes.filter((index) => index.constraint === undefined).map((index) => index.name)).toEqual(['orders_customer_id_idx', 'by_state']);
    expect(orders?.foreignKeys.map((key) => key.references.table)).toEqual(['shop_customer']);
  });

  it('a model of another file is found by its app where two have its name', () => {
    const [shop, blog] = ['shop', 'blog'].map((app) => read('from django.db import models\n\n\nclass Category(models.Model):\n    title = models.CharField(max_length=5)\n', new Map(), `file:///app/${app}/models.py`).models);
    const text = 'from blog.models import Category\n\n\ndef run():\n    return list(Category.objects.all())\n';
    expect(read(text, indexModels([...(blog ?? []), ...(shop ?? [])]), 'file:///app/views.py').sites.map((site) => site.source?.text)).toEqual(['SELECT blog_category.id, blog_category.title FROM blog_category']);
  });

  it('edits stand where Django has them', () => {
    const { text, sites } = sitesIn("def run():\n    return list(Order.objects.filter(state='x').order_by('total'))");
    const site = sites[0]!;
    expect(applied(text, djangoAdapter.addPredicate?.(site, { uri, text, table: 'orders', column: 'customer_id', value: 'customer' }))).toContain("Order.objects.filter(state='x').filter(customer=customer).order_by('total')");
    expect(applied(text, djangoAdapter.addOrder?.(site, { uri, text, keys: [{ column: 'orders.id', descending: true }] }))).toContain(".order_by('total', '-id')");
    expect(applied(text, djangoAdapter.addLimit?.(site, { uri, text, count: 100 }))).toContain(".order_by('total')[:100])");
  });
});
