import type { CommonFile } from './commonFixCode';

/** A page by OFFSET, and parts of what it is turned into; none: it has no fix. */
export interface CommonKeysetCase {
  readonly what: string;
  readonly file: CommonFile;
  readonly to?: readonly string[];
}

const go = (body: string, parameters = 'limit int, offset int'): CommonFile => ['a/a.go', `package a\n\nimport (\n\t"context"\n\t"fmt"\n\t"github.com/jackc/pgx/v5"\n)\n\ntype Order struct {\n\tID int64 \`gorm:"primaryKey"\`\n}\n\ntype Store struct {\n\tpool *pgxpool.Pool\n\tdb   *gorm.DB\n}\n\nfunc (s *Store) Page(ctx context.Context, ${parameters}) error {\n\tvar orders []Order\n\t_ = orders\n\t${body}\n\treturn nil\n}\n`];
const goGorm = (body: string, parameters?: string): CommonFile => { const [path, text] = go(body, parameters); return [path, text.replace('"github.com/jackc/pgx/v5"', '"gorm.io/gorm"')]; };
const java = (body: string, parameters = 'int limit, int offset'): CommonFile => ['A.java', `package a;\n\nimport java.util.List;\nimport org.springframework.jdbc.core.JdbcTemplate;\nimport org.springframework.jdbc.core.RowMapper;\n\nclass Order {\n  Long id;\n}\n\nclass A {\n  private JdbcTemplate jdbc;\n  private RowMapper<Order> mapper;\n\n  List<Order> page(${parameters}) {\n    ${body}\n  }\n}\n`];
const csharp = (body: string, parameters = 'int take, int skip'): CommonFile => ['A.cs', `using System;\nusing System.Collections.Generic;\nusing System.Linq;\nusing System.Threading.Tasks;\nusing Npgsql;\nusing Dapper;\nusing Microsoft.EntityFrameworkCore;\nnamespace X;\n[System.ComponentModel.DataAnnotations.Schema.Table("Orders")]\nclass Order {\n  public long Id { get; set; }\n  public DateTime CreatedAt { get; set; }\n}\nclass A {\n  NpgsqlConnection _conn;\n  ShopContext _db;\n  async Task<IEnumerable<Order>> Page(${parameters}) {\n    ${body}\n  }\n}\nclass ShopContext : DbContext {\n  public DbSet<Order> Orders { get; set; }\n}\n`.replace(/^\[System.*\n/m, '')];
const php = (body: string, parameters = 'int $offset'): CommonFile => ['app/A.php', `<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nuse Illuminate\\Support\\Facades\\DB;\nclass Order extends Model {\n}\nclass A {\n    public function page(${parameters}) {\n        ${body}\n    }\n}\n`];
const ruby = (body: string, parameters = 'offset'): CommonFile => ['app/a.rb', `class Order < ApplicationRecord\nend\n\nclass A\n  def page(${parameters})\n    ${body}\n  end\nend\n`];
const rust = (body: string, parameters = 'limit: i64, offset: i64'): CommonFile => ['src/a.rs', `use sqlx::PgPool;\nasync fn run(pool: &PgPool, ${parameters}) -> Result<Vec<(i64, i64)>> {\n    ${body}\n}\n`];

export const commonKeysets: readonly CommonKeysetCase[] = [
  { what: 'pgx', file: go('rows, err := s.pool.Query(ctx, "SELECT id, created_at FROM orders ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2", limit, offset)\n\tfmt.Println(rows, err)'), to: ['\t"time"\n', 'limit int, afterCreatedAt *time.Time, afterId *int64)', 'WHERE ((created_at, id) < ($2, $3) OR $3 IS NULL) ORDER BY created_at DESC, id DESC LIMIT $1", limit, afterCreatedAt, afterId)'] },
  { what: 'pgx, parameters that share a type, a number that is computed', file: go('rows, err := s.pool.Query(ctx, "SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2", size, page*size)\n\tfmt.Println(rows, err)', 'size, page int'), to: ['size int, afterId *int64)', 'LIMIT $1", size, afterId)'] },
  { what: 'pgx, a number that is also logged', file: go('rows, err := s.pool.Query(ctx, "SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2", limit, offset)\n\tfmt.Println(rows, err, offset)') },
  { what: 'pgx, an order that may be empty', file: go('rows, err := s.pool.Query(ctx, "SELECT id, shipped_at FROM orders ORDER BY shipped_at, id LIMIT $1 OFFSET $2", limit, offset)\n\tfmt.Println(rows, err)') },
  { what: 'gorm', file: goGorm('fmt.Println(s.db.Order("id DESC").Limit(limit).Offset(offset).Find(&orders).Error)'), to: ['limit int, afterId *int64)', '.Where("CAST(? AS bigint) IS NULL OR id < CAST(? AS bigint)", afterId, afterId).Find(&orders)'] },
  { what: 'gorm: OR', file: goGorm('fmt.Println(s.db.Where("id > 3").Or("id < 1").Order("id").Limit(limit).Offset(offset).Find(&orders).Error)') },

  { what: 'JdbcTemplate', file: java('return jdbc.query("SELECT id, created_at FROM orders ORDER BY created_at, id LIMIT ? OFFSET ?", mapper, limit, offset);'), to: ['page(int limit, java.time.OffsetDateTime afterCreatedAt, Long afterId)', 'LIMIT ?", mapper, afterCreatedAt, afterId, afterId, limit)'] },
  { what: 'JdbcTemplate: a fixed size', file: java('return jdbc.query("SELECT id FROM orders WHERE tenant_id = ? ORDER BY id LIMIT 20 OFFSET ?", mapper, tenant, offset);', 'long tenant, int offset'), to: ['WHERE tenant_id = ? AND (id > CAST(? AS bigint) OR CAST(? AS bigint) IS NULL) ORDER BY id LIMIT 20", mapper, tenant, afterId, afterId)'] },

  { what: 'Dapper', file: csharp('return await _conn.QueryAsync<Order>("SELECT id, created_at FROM orders ORDER BY id LIMIT @take OFFSET @skip", new { take, skip });'), to: ['Page(int take, long? afterId)', 'WHERE (id > @afterId OR @afterId IS NULL) ORDER BY id LIMIT @take", new { take, afterId });'] },
  { what: 'EF Core', file: csharp('return await _db.Orders.OrderByDescending(o => o.CreatedAt).ThenByDescending(o => o.Id).Skip(skip).Take(take).ToListAsync();'), to: ['Page(int take, DateTime? afterCreatedAt, long? afterId)', '.Where(o => afterId == null || o.CreatedAt < afterCreatedAt || (o.CreatedAt == afterCreatedAt && o.Id < afterId)).Take(take)'] },
  { what: 'EF Core: rows are taken first', file: csharp('return await _db.Orders.OrderBy(o => o.Id).Take(take).Skip(skip).ToListAsync();') },

  { what: 'Eloquent', file: php("return Order::orderBy('created_at', 'desc')->orderBy('id', 'desc')->offset($offset)->limit(4)->get();"), to: ['page(?object $after = null)', "->when($after, fn ($query) => $query->whereRaw('(created_at, id) < (?, ?)', [$after->getRawOriginal('created_at'), $after->id]))->limit(4)"] },
  { what: 'Eloquent: a tie-breaker that is added', file: php("return Order::where('tenant_id', 1)->orderBy('total')->skip($page * 4)->take(4)->get();", 'int $page'), to: ["->orderBy('id')->take(4)"] },
  { what: "Laravel's query builder", file: php("return DB::table('orders')->orderBy('id')->offset($offset)->limit(4)->get();"), to: ["fn ($query) => $query->whereRaw('id > ?', [$after->id])"] },
  { what: 'Laravel: SQL text', file: php("return DB::select('SELECT id, created_at FROM orders ORDER BY id LIMIT ? OFFSET ?', [$size, $offset]);", 'int $size, int $offset'), to: ['int $size, ?int $afterId = null', '[$afterId, $afterId, $size]'] },
  { what: 'Eloquent: an alternative', file: php("return Order::where('tenant_id', 1)->orWhere('tenant_id', 2)->orderBy('id')->offset($offset)->limit(4)->get();") },

  { what: 'ActiveRecord', file: ruby('Order.order(created_at: :desc, id: :desc).limit(4).offset(offset).to_a'), to: ['def page(after)', '.then { |rows| after ? rows.where("(created_at, id) < (?, ?)", after.created_at, after.id) : rows }.to_a'] },
  { what: 'ActiveRecord: a tie-breaker that is added', file: ruby('Order.where(tenant_id: 1).order(:total).offset(offset).limit(4).to_a', 'offset: 0'), to: ['def page(after: nil)', '.order(:id).limit(4)'] },
  { what: 'ActiveRecord: columns are chosen', file: ruby('Order.order(:id).select(:total).limit(4).offset(offset).to_a') },

  { what: 'sqlx', file: rust('Ok(sqlx::query_as("SELECT id, tenant_id FROM orders ORDER BY id LIMIT $1 OFFSET $2").bind(limit).bind(offset).fetch_all(pool).await?)'), to: ['after_id: Option<i64>)', 'LIMIT $1").bind(limit).bind(after_id).fetch_all(pool)'] },
];
