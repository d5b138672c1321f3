import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { writeInLoop } from '../../server/src/core/rules/write-in-loop';
import { testRule, type RuleCase } from '../support/ruleTester';

const MODELS = `from peewee import CharField, ForeignKeyField, IntegerField, Model


class Customer(Model):
    name = CharField()


class Order(Model):
    customer = ForeignKeyField(Customer, backref='orders')
    total = IntegerField()

    class Meta:
        table_name = 'orders'


`;
const SCHEMA = 'CREATE TABLE customer (id int PRIMARY KEY, name varchar(255)); CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, total int);';
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code: MODELS + code, ...rest });

testRule(nPlusOne, {
  schema: SCHEMA,
  flagged: [
    py(`def names():
    return [order.customer.name for order in Order.select()]
#           ^^^^^^^^^^^^^^ loaded lazily: a query once per element
`),
    py(`def customers(ids):
    for pk in ids:
        print(Customer.get_by_id(pk))
#             ^^^^^^^^^^^^^^^^^^ once per element of \`ids\`
`),
  ],
  clean: [
    py(`def names():
    return [order.customer.name for order in Order.select(Order, Customer).join(Customer)]
`),
    py(`def customers(ids):
    return list(Customer.select().where(Customer.id.in_(ids)))
`),
  ],
});

testRule(writeInLoop, {
  schema: SCHEMA,
  flagged: [py(`def add(rows):
    for row in rows:
        Order.create(customer=row.customer, total=row.total)
#       ^^^^^^^^^^^^ once per element of \`rows\`
`)],
  clean: [py(`def add(rows):
    Order.insert_many(rows).execute()
`)],
});

testRule(offsetPagination, {
  schema: SCHEMA,
  flagged: [py(`def page(number):
    return list(Order.select().order_by(Order.id).paginate(number, 20))
#                                                ^^^^^^^^^^^^^^^^^^^^^ OFFSET
`), py(`def page(offset):
    return list(Order.select().order_by(Order.id).limit(20).offset(offset))
#                                                          ^^^^^^^^^^^^^^^ OFFSET
`, { fixes: 1 })],
  clean: [py(`def newest():
    return list(Order.select().order_by(Order.id.desc()).limit(20))
`)],
});
