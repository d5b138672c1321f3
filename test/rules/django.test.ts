import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { unboundedSelect } from '../../server/src/core/rules/unbounded-select';
import { writeInLoop } from '../../server/src/core/rules/write-in-loop';
import { testRule, type RuleCase } from '../support/ruleTester';

const MODELS = `from django.core.paginator import Paginator
from django.db import models
from django.views.generic import ListView


class Customer(models.Model):
    name = models.CharField(max_length=50)


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name='orders')
    state = models.CharField(max_length=10)
    created = models.DateTimeField()


class Item(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name='items')
    qty = models.IntegerField()


`;
const SCHEMA = `CREATE TABLE src_customer (id bigint PRIMARY KEY, name varchar(50) NOT NULL);
CREATE TABLE src_order (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES src_customer, state varchar(10) NOT NULL, created timestamptz NOT NULL);
CREATE TABLE src_item (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES src_order, qty int NOT NULL);`;
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code: MODELS + code, ...rest });

testRule(nPlusOne, {
  schema: SCHEMA,
  flagged: [
    py(`def names():
    found = []
    for order in Order.objects.filter(state='open'):
        found.append(order.customer.name)
#                    ^^^^^^^^^^^^^^ loaded lazily: a query once per element
    return found
`, {
      fixed: `${MODELS}def names():
    found = []
    for order in Order.objects.filter(state='open').select_related('customer'):
        found.append(order.customer.name)
    return found
`,
    }),
    py(`def counts(orders_of):
    orders = Order.objects.order_by('id')
    for order in orders:
        for item in order.items.all():
#                   ^^^^^^^^^^^ loaded lazily: a query once per element
            print(item.qty)
`, {
      fixed: `${MODELS}def counts(orders_of):
    orders = Order.objects.prefetch_related('items').order_by('id')
    for order in orders:
        for item in order.items.all():
            print(item.qty)
`,
    }),
    py(`def big():
    for order in Order.objects.all():
        print(order.items.filter(qty__gt=1).count())
#             ^^^^^^^^^^^ once per element of
`, { fixes: 0 }),
    py(`def named(names):
    customers = Customer.objects.exclude(name='')
    for name in names:
        print(customers.get(name=name))
#             ^^^^^^^^^^^^^ once per element of \`names\`
`, { fixes: 0 }),
    py(`def customers(ids):
    found = []
    for pk in ids:
        found.append(Customer.objects.get(pk=pk))
#                    ^^^^^^^^^^^^^^^^ once per element of \`ids\`
    return found
`, { fixes: 1 }),
  ],
  clean: [
    py(`def names():
    return [order.customer.name for order in Order.objects.select_related('customer')]
`),
    py(`def names():
    for order in Order.objects.prefetch_related('items', 'items__order'):
        for item in order.items.all():
            print(item.qty, order.items.count())
`),
    py(`def show(order):
    return [item.qty for item in order.items.all()]

def pages(orders):
    for order in orders:
        show(order)
`),
    py(`def keys():
    return [order.customer_id for order in Order.objects.all()]
`),
    py(`def built(states):
    found = []
    for state in states:
        found.append(Order.objects.filter(state=state))
    return Order.objects.none().union(*found)
`),
    py(`def first(states):
    for state in states:
        order = Order.objects.filter(state=state).first()
        return order
`),
  ],
});

testRule(writeInLoop, {
  schema: SCHEMA,
  flagged: [
    py(`def close():
    for order in Order.objects.filter(state='open'):
        order.state = 'closed'
        order.save()
#       ^^^^^^^^^^ once per element of
`, { fixes: 0 }),
    py(`def add(order, quantities):
    for qty in quantities:
        Item.objects.create(order=order, qty=qty)
#       ^^^^^^^^^^^^ once per element of \`quantities\`
`, { fixes: 1 }),
  ],
  clean: [
    py(`def add(order, quantities):
    Item.objects.bulk_create([Item(order=order, qty=qty) for qty in quantities])
`),
    py(`def close(form):
    for part in form:
        part.save()
`),
  ],
});

testRule(offsetPagination, {
  schema: SCHEMA,
  flagged: [
    py(`def page(offset):
    return list(Order.objects.filter(state='open').order_by('created')[offset:offset + 20])
#                                                                      ^^^^^^ OFFSET
`, { fixes: 1 }),
    py(`def page(number):
    pages = Paginator(Order.objects.order_by('created'), 50)
    return pages.get_page(number)
#          ^^^^^^^^^^^^^^^^^^^^^^ OFFSET
`, { fixes: 0 }),
    py(`class Orders(ListView):
    queryset = Order.objects.order_by('-created')
#              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ OFFSET
    paginate_by = 100
`, { fixes: 0 }),
  ],
  clean: [
    py(`def newest():
    return list(Order.objects.order_by('-created')[:20])
`),
    py(`def parts(rows, offset):
    return rows[offset:offset + 20]
`),
  ],
});

testRule(unboundedSelect, {
  schema: SCHEMA,
  flagged: [
    py(`def everything():
    return list(Order.objects.all())
#               ^^^^^^^^^^^^^ LIMIT
`, { settings: { assume: { src_order: 1_000_000 } } }),
  ],
  clean: [
    py(`def one(pk):
    return Order.objects.get(pk=pk)
`),
    py(`def walk():
    for order in Order.objects.iterator():
        print(order.state)
`),
    py(`def lazily():
    return Order.objects.filter(state='open')
`),
  ],
});
