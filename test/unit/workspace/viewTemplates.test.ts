import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';
import { createProject } from '../../../server/src/workspace/project';
import { applyEdits } from '../../../server/src/core/text/edit';
import { makeWorkspace } from '../../support/workspaceFolder';

let engine: Engine;
const workspaces: ReturnType<typeof makeWorkspace>[] = [];
beforeAll(async () => { engine = await createEngine(); });
afterAll(() => workspaces.forEach((workspace) => workspace.remove()));

/** What is said of a template: the marked text of each finding; and the fixed controller of the first, where there is one. */
async function said(files: Readonly<Record<string, string>>, template: string): Promise<{ readonly found: readonly string[]; readonly fixed?: string }> {
  const workspace = makeWorkspace(files);
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine, settings: {} });
  await project.scan();
  const result = await project.lint(workspace.path(template));
  if (!('findings' in result)) throw new Error(result.reason);
  const text = workspace.read(template);
  const findings = result.findings.filter(({ rule }) => rule === 'n-plus-one');
  const [fix] = findings[0]?.fixes() ?? [];
  const edit = fix?.edits[0];
  const changed = edit && Object.keys(files).find((name) => decodeURIComponent(edit.uri).endsWith(`/${name}`));
  return { found: findings.map(({ span, severity }) => `${severity === 'warning' ? '' : `${severity}: `}${text.slice(span.start, span.end)}`), ...(changed ? { fixed: applyEdits(files[changed]!, fix.edits) } : {}) };
}

const rails = (action: string, more = ''): Readonly<Record<string, string>> => ({
  'app/models/order.rb': 'class Order < ApplicationRecord\n  belongs_to :customer\n  has_many :items\n\n  def total\n    Item.where(order_id: id).count\n  end\nend\n',
  'app/models/item.rb': 'class Item < ApplicationRecord\n  belongs_to :order\n  belongs_to :product\nend\n',
  'app/models/customer.rb': 'class Customer < ApplicationRecord\n  has_many :orders\nend\n',
  'app/models/product.rb': 'class Product < ApplicationRecord\nend\n',
  'app/controllers/orders_controller.rb': `class OrdersController < ApplicationController\n  def index\n    ${action}\n  end\n${more}end\n`,
});
const view = 'app/views/orders/index.html.erb';
const list = (inner: string, rows = '@orders'): string => `<ul>\n<% ${rows}.each do |order| %>\n  <li>${inner}</li>\n<% end %>\n</ul>\n`;

describe('templates of Rails', () => {
  it.each<[string, string, string, string[]]>([
    ['a relation of each row', '@orders = Order.where(open: true)', list('<%= order.customer.name %>'), ['order.customer']],
    ['in a helper’s argument, in a text', '@orders = Order.all', list('<%= link_to "#{order.customer.name}", order_path(order) %>'), ['order.customer']],
    ['of a page', '@orders = Order.order(:id).page(params[:page])', list('<%= order.customer&.name %>'), ['order.customer']],
    ['rows of each row, and theirs', '@orders = Order.all', list('<% order.items.each do |item| %><%= item.product.name %><%= item.order.id %><% end %>'), ['order.items', 'item.product']],
    ['a count of each row', '@orders = Order.all', list('<%= order.items.count %>'), ['order.items.count']],
    ['a method that queries', '@orders = Order.all', list('<%= order.total %>'), ['order.total']],
    ['below a condition', '@orders = Order.all', list('<% if order.open %><%= order.customer.name %><% end %>'), ['info: order.customer']],
    ['preloaded', '@orders = Order.includes(:customer, items: :product).all', list('<%= order.customer.name %><% order.items.each do |item| %><%= item.product.name %><% end %>'), []],
    ['preloaded in another way', '@orders = Order.preload(:customer).eager_load(:items)', list('<%= order.customer.name %><%= order.items.map(&:id) %>'), []],
    ['a column, a counter that may be cached', '@orders = Order.all', list('<%= order.customer_id %><%= order.items.size %>'), []],
    ['assigned twice', '@orders = Order.all\n    @orders = @orders.includes(:customer)', list('<%= order.customer.name %>'), []],
    ['a scope of its own may load it', '@orders = Order.recent', list('<%= order.customer.name %>'), []],
    ['variables of another place', '@orders = Order.all', '<% @others.each do |order| %><%= order.customer.name %><% end %><% orders.each do |order| %><%= order.customer.name %><% end %>', []],
    ['the view asks for it', '@orders = Order.all', list('<%= order.customer.name %>', '@orders.includes(:customer)'), []],
    ['one row', '@order = Order.find(params[:id])', '<%= @order.customer.name %>', []],
    ['other values', '@orders = Order.pluck(:id)', list('<%= order.customer.name %>'), []],
    ['a form’s object hides the row', '@orders = Order.all', list('<%= form_with do |order| %><%= order.customer %><% end %>'), []],
    ['a loop that ended', '@orders = Order.all', `${list('x')}<%= order.customer.name %>`, []],
  ])('%s', async (_, action, template, expected) => {
    expect((await said({ ...rails(action), [view]: template }, view)).found).toEqual(expected);
  });

  it('fills the templates that an action of its own class names', async () => {
    const more = "\n  def other\n    @orders = Order.includes(:customer)\n    render :rest\n  end\nend\n\nclass OtherController < ApplicationController\n  def index\n    render :rest\n  end\n";
    const [listed, rest] = ['app/views/orders/list.html.erb', 'app/views/orders/rest.html.erb'];
    const files = { ...rails('@orders = Order.all\n    render action: :list', more), [listed]: list('<%= order.customer.name %>'), [rest]: list('<%= order.customer.name %>') };
    expect([(await said(files, listed)).found, (await said(files, rest)).found]).toEqual([['order.customer'], []]);
  });

  it('the controller loads it', async () => {
    expect((await said({ ...rails('@orders = Order.where(open: true)'), [view]: list('<%= order.customer.name %>') }, view)).fixed).toContain('@orders = Order.includes(:customer).where(open: true)');
  });

  it.each([
    ['by its name', "<%= render 'row', order: order %>", '@orders.each do |order|'],
    ['of a collection', "<% render partial: 'orders/row', collection: @orders, as: :order %>".replace('<%', '<%='), ''],
    ['with locals', "<%= render partial: 'row', locals: { order: order } %>", '@orders.each do |order|'],
  ])('in a partial, %s', async (_, render, loop) => {
    const partial = 'app/views/orders/_row.html.erb';
    const index = loop === '' ? render : `<% ${loop} %>${render}<% end %>`;
    expect((await said({ ...rails('@orders = Order.all'), [view]: index, [partial]: '<%= order.customer.name %>' }, partial)).found).toEqual(['order.customer']);
  });

  it('in the partial of a row’s model, and of another action', async () => {
    const partial = 'app/views/orders/_order.html.erb';
    const files = { ...rails('@orders = Order.all', '\n  def recent\n    @latest = Order.limit(9)\n    render :list\n  end\n'), [partial]: '<%= order.customer.name %>' };
    expect((await said({ ...files, [view]: '<%= render @orders %>' }, partial)).found).toEqual(['order.customer']);
    expect((await said({ ...files, 'app/views/orders/list.html.erb': '<% for one in @latest %><%= one.customer.name %><% end %>' }, 'app/views/orders/list.html.erb')).found).toEqual(['one.customer']);
  });
});

const laravel = (action: string): Readonly<Record<string, string>> => ({
  'app/Models/Order.php': '<?php\nnamespace App\\Models;\nclass Order extends Model\n{\n    public function customer() { return $this->belongsTo(Customer::class); }\n    public function items() { return $this->hasMany(Item::class); }\n}\n',
  'app/Models/Customer.php': '<?php\nnamespace App\\Models;\nclass Customer extends Model\n{\n}\n',
  'app/Models/Item.php': '<?php\nnamespace App\\Models;\nclass Item extends Model\n{\n    public function product() { return $this->belongsTo(Product::class); }\n}\n',
  'app/Models/Product.php': '<?php\nnamespace App\\Models;\nclass Product extends Model\n{\n}\n',
  'app/Http/Controllers/OrderController.php': `<?php\nnamespace App\\Http\\Controllers;\nuse App\\Models\\Order;\nclass OrderController extends Controller\n{\n    public function index()\n    {\n        ${action}\n    }\n}\n`,
});
const blade = 'resources/views/orders/index.blade.php';
const each = (inner: string, rows = '$orders'): string => `@extends('layout')\n@section('content')\n@foreach (${rows} as $order)\n  <li>${inner}</li>\n@endforeach\n@endsection\n`;
const shows = "return view('orders.index', ['orders' => Order::where('open', true)->get()]);";

describe('templates of Laravel', () => {
  it.each<[string, string, string, string[]]>([
    ['a relation of each row', shows, each('{{ $order->customer->name }}'), ['$order->customer']],
    ['compact', "$orders = Order::orderBy('id')->paginate(20);\n        return view('orders.index', compact('orders'));", each('{!! $order->customer?->name !!}'), ['$order->customer']],
    ['with', "return view('orders.index')->with('orders', Order::all());", each('{{ $order->customer->name }}'), ['$order->customer']],
    ['rows of each row, and theirs', shows, each('@forelse ($order->items as $item) {{ $item->product->name }} @empty none @endforelse'), ['$order->items', '$item->product']],
    ['a query of its own', shows, each('{{ $order->items()->count() }}'), ['$order->items()->count()']],
    ['below a condition', shows, each('@if ($order->open) {{ $order->customer->name }} @endif'), ['info: $order->customer']],
    ['preloaded', "return view('orders.index', ['orders' => Order::with(['customer', 'items.product'])->get()]);", each('{{ $order->customer->name }} @foreach ($order->items as $item) {{ $item->product->name }} @endforeach'), []],
    ['loaded afterwards, and given twice', "$orders = Order::all();\n        $orders = $orders->load('customer');\n        return view('orders.index', compact('orders'));", each('{{ $order->customer->name }}'), []],
    ['a variable of another place', shows, each('{{ $order->customer->name }}', '$others'), []],
    ['an escaped mark, a comment, verbatim', shows, each('@{{ $order->customer->name }} {{-- $order->customer->name --}} @verbatim {{ $order->customer->name }} @endverbatim'), []],
    ['a scope of its own may load it', "return view('orders.index', ['orders' => Order::recent()->get()]);", each('{{ $order->customer->name }}'), []],
    ['what PHP makes of the name', shows, each('@php $order = other(); @endphp {{ $order->customer->name }}'), []],
    ['one row', "return view('orders.index', ['order' => Order::findOrFail($id)]);", '{{ $order->customer->name }}', []],
  ])('%s', async (_, action, template, expected) => {
    expect((await said({ ...laravel(action), [blade]: template }, blade)).found).toEqual(expected);
  });

  it('the controller loads it', async () => {
    expect((await said({ ...laravel(shows), [blade]: each('{{ $order->customer->name }}') }, blade)).fixed).toContain("Order::with('customer')->where('open', true)->get()");
  });

  it.each([["@include('orders.row', ['order' => $order])", true], ["@include('orders.row')", true], ["@each('orders.row', $orders, 'order')", false]])('in %s', async (include, looped) => {
    const row = 'resources/views/orders/row.blade.php';
    expect((await said({ ...laravel(shows), [blade]: looped ? each(include) : include, [row]: '{{ $order->customer->name }}' }, row)).found).toEqual(['$order->customer']);
  });

  it.each<[string, string, string, string[]]>([
    ['<x-orders.row :order="$order" />', 'components/orders/row', '{{ $order->customer->name }}', ['$order->customer']],
    ['<x-orders.row class="a > b" :$order>text</x-orders.row>', 'components/orders/row/index', '{{ $order->customer->name }}', ['$order->customer']],
    ["<x-row data-a='1' :the-order='$order'>", 'components/row', "@props(['theOrder']) {{ $theOrder->customer->name }}", ['$theOrder->customer']],
    ['<x-row order="$order" />', 'components/row', '{{ $order->customer->name }}', []],
    ['<x-row ::order="$order" />', 'components/row', '{{ $order->customer->name }}', []],
    ['<x-row :other="$order->status" />', 'components/row', '{{ $order->customer->name }}', []],
    ['<x-mail::row :order="$order" />', 'components/mail/row', '{{ $order->customer->name }}', []],
  ])('in the component %s', async (use, name, template, expected) => {
    const file = `resources/views/${name}.blade.php`;
    expect((await said({ ...laravel(shows), [blade]: each(use), [file]: template }, file)).found).toEqual(expected);
  });

  it('in the slot of a component', async () => {
    expect((await said({ ...laravel(shows), [blade]: each('<x-card title="a">{{ $order->customer->name }}</x-card>'), 'resources/views/components/card.blade.php': '{{ $slot }}' }, blade)).found).toEqual(['$order->customer']);
  });
});
