import { describe, expect, it } from 'vitest';
import { compared, innocent } from '../../support/adapterCases';
import { expectMarks } from '../../support/recordedChains';
import { codeWorkspace } from '../../support/readCommon';

const models = {
  'Data/ShopContext.cs': `using Microsoft.EntityFrameworkCore;
namespace Shop.Data;
public class ShopContext : DbContext {
  public DbSet<Order> Orders { get; set; }
  public DbSet<Customer> Customers => Set<Customer>();
  public DbSet<Tag> Tags { get; set; }
  protected override void OnModelCreating(ModelBuilder builder) { builder.Entity<Tag>().ToTable("shop_tags"); }
}
[Table("orders")]
public class Order {
  public int Id { get; set; }
  [Column("status_text")]
  public string Status { get; set; }
  public int CustomerId { get; set; }
  public DateTime? ShippedAt { get; set; }
  public bool Open { get; set; }
  public Customer Customer { get; set; }
  public List<Line> Lines { get; set; }
  public Address Address { get; set; }
  public List<string> Labels { get; set; }
  public OrderKind Kind { get; set; }
}
public class Address {
  public string City { get; set; }
}
public enum OrderKind { New, Old }
`,
};
const code = (body: string): string => `using Microsoft.EntityFrameworkCore;
using Shop.Data;
namespace Shop;
public class Service {
  private readonly ShopContext _context;
  public Service(ShopContext context) { _context = context; }
  public async Task Run(int id, int[] ids, int page, string name, List<Item> items) {
    ${body}
  }
}
`;
const statements = async (body: string): Promise<readonly string[]> => {
  const file = (await codeWorkspace({ ...models, 'Service.cs': code(body) })).file('Service.cs');
  expectMarks(file, code(body));
  return file.sites.map((site) => `${site.source?.text ?? '(opaque)'}${site.complete || !site.source ? '' : ' …'}`);
};

const chains: readonly (readonly [string, string])[] = [
  ['var all = await _context.Orders.ToListAsync();', 'SELECT * FROM orders'],
  ['var order = await _context.Orders.FirstOrDefaultAsync(o => o.Id == id);', 'SELECT * FROM orders WHERE "Id" = $1 LIMIT 1'],
  ['var order = _context.Orders.Single(o => o.Id == 5);', 'SELECT * FROM orders WHERE "Id" = 5 LIMIT 1'],
  ['var order = await _context.Orders.FindAsync(id);', 'SELECT * FROM orders WHERE "Id" = $1 LIMIT 1 …'],
  ['var open = await _context.Orders.Where(o => o.Status == "open" && o.CustomerId > 3).ToListAsync();', "SELECT * FROM orders WHERE status_text = 'open' AND \"CustomerId\" > 3"],
  ['var open = await _context.Orders.Where(o => o.Open || o.ShippedAt == null).ToListAsync();', 'SELECT * FROM orders WHERE ("Open" OR "ShippedAt" IS NULL)'],
  ['var open = await _context.Orders.Where(o => !o.Open).Where(o => o.ShippedAt!.Value < DateTime.UtcNow).ToListAsync();', 'SELECT * FROM orders WHERE NOT ("Open") AND "ShippedAt" < $1'],
  ['var some = await _context.Orders.Where(o => ids.Contains(o.Id)).ToListAsync();', 'SELECT * FROM orders WHERE "Id" = ANY($1)'],
  ['var some = await _context.Orders.Where(o => o.Status.Contains("op")).ToListAsync();', "SELECT * FROM orders WHERE status_text LIKE '%op%'"],
  ['var some = await _context.Orders.Where(o => EF.Functions.ILike(o.Status, "%op")).ToListAsync();', "SELECT * FROM orders WHERE status_text ILIKE '%op'"],
  ['var page1 = await _context.Orders.AsNoTracking().OrderByDescending(o => o.Id).ThenBy(o => o.Status).Skip(page * 20).Take(20).ToListAsync();', 'SELECT * FROM orders ORDER BY "Id" DESC, status_text LIMIT 20 OFFSET $1'],
  ['var some = await _context.Orders.Include(o => o.Customer).Where(o => o.CustomerId == id).ToListAsync();', 'SELECT * FROM orders WHERE "CustomerId" = $1'],
  ['var any = await _context.Customers.AnyAsync(c => c.Name == name);', 'SELECT * FROM "Customers" WHERE "Name" = $1 LIMIT 1'],
  ['var n = await _context.Customers.CountAsync(c => id == c.RegionId);', 'SELECT count(*) FROM "Customers" WHERE "RegionId" = $1'],
  ['var far = await _context.Orders.Where(o => o.Customer.Name == name && o.Id > 1).ToListAsync();', 'SELECT * FROM orders WHERE "Id" > 1 …'],
  ['var either = await _context.Orders.Where(o => o.Customer.Name == name || o.Id > 1).ToListAsync();', 'SELECT * FROM orders …'],
  ['var tags = await _context.Set<Tag>().Where(t => t.Name.StartsWith(name)).ToListAsync();', 'SELECT * FROM shop_tags WHERE "Name" LIKE $1 || \'%\''],
  ['var names = await _context.Orders.Where(o => o.Id == id).Select(o => o.Status).Distinct().ToListAsync();', 'SELECT * FROM orders WHERE "Id" = $1'],
  ['var some = await _context.Orders.Where(o => o.Labels.Contains("x") && o.Id > 1).ToListAsync();', 'SELECT * FROM orders WHERE "Id" > 1 …'],
  ['var some = await _context.Customers.Where(c => c.Tags.Contains(name)).ToListAsync();', 'SELECT * FROM "Customers" …'],
  ['var some = await _context.Customers.Where(c => c.Name.StartsWith(name)).ToListAsync();', 'SELECT * FROM "Customers" WHERE "Name" LIKE $1 || \'%\''],
  ['var bare = await _context.Orders.Where(o => o.Customer == null).ToListAsync();', 'SELECT * FROM orders …'],
  ['var bare = await _context.Orders.Where(o => o.Address != null && o.Kind == OrderKind.New).ToListAsync();', 'SELECT * FROM orders WHERE "Kind" = $1 …'],
  ['var sorted = await _context.Orders.OrderBy(o => o.Customer).ToListAsync();', 'SELECT * FROM orders …'],
  ['var sorted = await _context.Customers.OrderBy(c => c.Tag).ToListAsync();', 'SELECT * FROM "Customers" …'],
  ['await _context.Orders.Where(o => o.Id == id).ExecuteDeleteAsync();', '(opaque)'],
  ['await _context.SaveChangesAsync();', '(opaque)'],
];

describe('what EF Core sends', () => {
  it.each(compared('ef-core', chains))('%s', async (body, expected) => {
    expect(await statements(body)).toEqual([expected]);
  });

  it.each(innocent('ef-core', [
    'var open = items.Where(o => o.Id == id).ToList();',
    '_context.Orders.Add(new Order { Id = id });',
    'var first = items.FirstOrDefault(o => o.Id == id);',
    'var order = items.OrderBy(o => o.Id).Skip(5).Take(5).ToList();',
    'await _stream.SaveChangesAsync();',
    'var dictionary = ids.ToDictionary(i => i);',
  ]))('nothing is sent by %s', async (body) => {
    expect((await codeWorkspace({ ...models, 'Service.cs': code(body) })).file('Service.cs').sites.filter((site) => site.executes !== 'no')).toEqual([]);
  });

  it('queries and units of work in loops, with their places', async () => {
    const workspace = await codeWorkspace({ ...models, 'Service.cs': code('foreach (var one in ids) {\n      var order = await _context.Orders.FirstOrDefaultAsync(o => o.Id == one);\n      order.Status = "seen";\n      await _context.SaveChangesAsync();\n    }\n    var list = await _context.Orders.OrderBy(o => o.Id).Skip(page * 20).Take(20).ToListAsync();') });
    expect(workspace.lint('Service.cs')).toEqual(['n-plus-one: _context.Orders.FirstOrDefaultAsync', 'write-in-loop: _context.SaveChangesAsync', 'offset-pagination: .Skip(page * 20)']);
  });

  it('a unit of work behind the loop, or of a chunk, is one', async () => {
    const workspace = await codeWorkspace({ ...models, 'Service.cs': code('foreach (var one in ids) {\n      _context.Orders.Add(new Order { Id = one });\n    }\n    await _context.SaveChangesAsync();\n    foreach (var chunk in ids.Chunk(100)) {\n      _context.Orders.AddRange(chunk.Select(one => new Order { Id = one }));\n      await _context.SaveChangesAsync();\n    }') });
    expect(workspace.lint('Service.cs')).toEqual([]);
  });

  it('says of a context with filters that more may be added', async () => {
    const filtered = { 'Data/ShopContext.cs': models['Data/ShopContext.cs'].replace('builder.Entity<Tag>().ToTable("shop_tags");', 'builder.Entity<Order>().HasQueryFilter(o => o.Open);') };
    expect((await codeWorkspace({ ...filtered, 'Service.cs': code('var all = await _context.Orders.ToListAsync();') })).file('Service.cs').sites.map((site) => site.complete)).toEqual([false]);
  });
});

describe('entities in files of their own', () => {
  const files = {
    'Data/AppContext.cs': 'using Microsoft.EntityFrameworkCore;\nnamespace Shop.Data;\npublic class AppContext : DbContext {\n  public DbSet<Order> Orders { get; set; }\n  public DbSet<Customer> Customers => Set<Customer>();\n  public DbSet<Part> Parts { get; set; }\n}\n',
    'Domain/Order.cs': 'namespace Shop.Domain;\n[Table("orders")]\npublic class Order {\n  public int Id { get; set; }\n  [Column("status_text")]\n  public string Status { get; set; }\n  public Customer Customer { get; set; }\n  public Address Address { get; set; }\n  public OrderKind Kind { get; set; }\n  public string Label => Status + Id;\n  [JsonIgnore]\n  [NotMapped]\n  public string Scratch { get; set; }\n}\n',
    'Domain/Customer.cs': 'namespace Shop.Domain;\npublic class Customer {\n  public int Id { get; set; }\n  public string FullName { get; set; }\n}\n',
    'Domain/Address.cs': 'namespace Shop.Domain;\npublic class Address {\n  public string City { get; set; }\n}\n',
    'Domain/OrderKind.cs': 'namespace Shop.Domain;\npublic enum OrderKind { New, Old }\n',
    'Data/PartConfiguration.cs': 'namespace Shop.Data;\npublic class PartConfiguration : IEntityTypeConfiguration<Part> {\n  public void Configure(EntityTypeBuilder<Part> builder) {\n    builder.ToTable("shop_parts");\n    builder.Property(p => p.Code).HasMaxLength(20).HasColumnName("part_code");\n    builder.Property(p => p.Size).IsRequired();\n  }\n}\n',
  };
  const body = (linq: string): string => `using Shop.Data;\nnamespace Shop;\npublic class Service {\n  private readonly AppContext _context;\n  public async Task Run(int id, string name) {\n    ${linq}\n  }\n}\n`;
  const read = async (linq: string, more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> => (await codeWorkspace({ ...files, ...more, 'Service.cs': body(linq) })).file('Service.cs').sites.map((site) => `${site.source?.text ?? '(opaque)'}${site.complete ? '' : ' …'}`);
  it.each<[string, string]>([
    ['await _context.Orders.Where(o => o.Status == name && o.Kind == OrderKind.New).ToListAsync();', 'SELECT * FROM orders WHERE status_text = $1 AND "Kind" = $2'],
    ['await _context.Orders.Where(o => o.Status.Contains(name)).ToListAsync();', "SELECT * FROM orders WHERE status_text LIKE '%' || $1 || '%'"],
    ['await _context.Orders.Where(o => o.Address != null && o.Id > 1).ToListAsync();', 'SELECT * FROM orders WHERE "Id" > 1 …'],
    ['await _context.Orders.OrderBy(o => o.Customer).ToListAsync();', 'SELECT * FROM orders …'],
    ['await _context.Parts.Where(p => p.Code == name && p.Size > 3).ToListAsync();', 'SELECT * FROM shop_parts WHERE part_code = $1 AND "Size" > 3'],
    ['await _context.Customers.Where(c => c.FullName == name).ToListAsync();', 'SELECT * FROM "Customers" WHERE "FullName" = $1'],
  ])('%s', async (linq, expected) => {
    expect(await read(linq)).toEqual([expected]);
  });
  it('have no column for what is computed or not mapped', async () => {
    const [model] = (await codeWorkspace(files)).file('Domain/Order.cs').models;
    expect(model?.columns.map(({ property }) => property)).toEqual(['Id', 'Status', 'Customer', 'Address', 'Kind']);
  });
  it('have the filters of their configurations', async () => {
    const filtered = { 'Data/PartConfiguration.cs': files['Data/PartConfiguration.cs'].replace('builder.ToTable("shop_parts");', 'builder.HasQueryFilter(p => p.Size > 0);') };
    expect(await read('await _context.Parts.Where(p => p.Code == name).ToListAsync();\n    await _context.Customers.ToListAsync();', filtered)).toEqual(['SELECT * FROM "Parts" WHERE part_code = $1 …', 'SELECT * FROM "Customers"']);
  });
  it('are named by the convention of the application', async () => {
    const startup = { 'Program.cs': 'builder.Services.AddDbContext<AppContext>(o => o.UseNpgsql(url).UseSnakeCaseNamingConvention());\n' };
    expect(await read('await _context.Customers.Where(c => c.FullName == name).OrderBy(c => c.Id).ToListAsync();\n    await _context.Parts.Where(p => p.UnitPrice > 3 && p.Code == name).ToListAsync();', startup)).toEqual(['SELECT * FROM customers WHERE full_name = $1 ORDER BY id', 'SELECT * FROM shop_parts WHERE unit_price > 3 AND part_code = $1']);
  });
});
