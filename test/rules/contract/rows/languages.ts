/** A clause in one of the six languages of the common reader: where the code stands, and whether the rule speaks of it. */
export type LanguageRow = readonly [clause: string, path: string, body: string, speaks: boolean];

/** Models beside the code, and what is round the body. */
export const MODELS: Readonly<Record<string, string>> = {
  'app/models/user.rb': 'class User < ApplicationRecord\n  has_many :orders\nend\n',
  'app/Models/User.php': '<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass User extends Model {}\n',
  'Data/Shop.cs': 'using Microsoft.EntityFrameworkCore;\npublic class ShopContext : DbContext {\n  public DbSet<User> Users { get; set; }\n}\npublic class User {\n  public int Id { get; set; }\n  public string Name { get; set; }\n}\n',
  'User.java': '@Entity\n@Table(name = "users")\npublic class User {\n  @Id\n  private Long id;\n  private String name;\n}\n',
  'UserRepository.java': 'import org.springframework.data.jpa.repository.JpaRepository;\npublic interface UserRepository extends JpaRepository<User, Long> {\n  List<User> findByNameContaining(String name);\n  List<User> findByNameStartingWith(String name);\n  Stream<User> streamAllBy();\n}\n',
};
export const wrap = (path: string, body: string): string => {
  if (path.endsWith('.rb')) return `class A\n  def run(id, ids, name, page)\n    ${body}\n  end\nend\n`;
  if (path.endsWith('.php')) return `<?php\nuse App\\Models\\User;\nuse Illuminate\\Support\\Facades\\DB;\nfunction run($id, $ids, $name, $page) {\n    ${body}\n}\n`;
  if (path.endsWith('.go')) return `package a\n\nimport (\n\t"database/sql"\n\n\t"github.com/jackc/pgx/v5/pgxpool"\n\t"gorm.io/gorm"\n)\n\ntype User struct {\n\tID   int64 \`gorm:"primaryKey"\`\n\tName string\n}\n\nfunc run(ctx context.Context, db *gorm.DB, pool *pgxpool.Pool, name string, page int) {\n\tvar users []User\n\tvar total int64\n\t${body}\n}\n`;
  if (path.endsWith('.java')) return `import org.springframework.data.domain.*;\nimport org.springframework.data.jpa.repository.JpaRepository;\nclass Service {\n  private final UserRepository users;\n  private final JdbcTemplate jdbc;\n  void run(Long id, List<Long> ids, String name, int page) {\n    ${body}\n  }\n}\n`;
  if (path.endsWith('.cs')) return `using Microsoft.EntityFrameworkCore;\npublic class A {\n  private readonly ShopContext _db;\n  public async Task Run(int id, List<int> ids, string name, int page) {\n    ${body}\n  }\n}\n`;
  return `use diesel::prelude::*;\nuse crate::schema::{users};\nasync fn run(conn: &mut AsyncPgConnection, pool: &PgPool, name: String, page: i64) -> Result<(), Error> {\n    ${body}\n    Ok(())\n}\n`;
};

export const languages: Readonly<Record<string, readonly LanguageRow[]>> = {
  'offset-pagination': [
    ['ActiveRecord .offset', 'app/a.rb', 'User.order(:id).limit(20).offset(page).to_a', true],
    ['kaminari .page', 'app/a.rb', 'User.order(:id).page(page).per(20).to_a', true],
    ['Eloquent ->offset', 'app/A.php', '$users = User::orderBy("id")->offset($page)->limit(20)->get();', true],
    ['Eloquent ->skip', 'app/A.php', '$users = User::orderBy("id")->skip($page)->take(20)->get();', true],
    ['Eloquent ->forPage', 'app/A.php', '$users = User::orderBy("id")->forPage($page, 20)->get();', true],
    ['Eloquent ->paginate', 'app/A.php', '$users = User::orderBy("id")->paginate(20);', true],
    ['gorm .Offset', 'a.go', 'db.Order("id").Limit(20).Offset(page).Find(&users)', true],
    ['Spring Data PageRequest', 'Service.java', 'users.findAll(PageRequest.of(page, 20));', true],
    ['EF Core .Skip', 'A.cs', 'var found = await _db.Users.OrderBy(u => u.Id).Skip(page).Take(20).ToListAsync();', true],
    ['diesel .offset', 'a.rs', 'users::table.order(users::id).limit(20).offset(page).load::<User>(conn).await?;', true],
    ['Eloquent ->cursorPaginate', 'app/A.php', '$users = User::orderBy("id")->cursorPaginate(20);', false],
    ['EF Core by key', 'A.cs', 'var found = await _db.Users.Where(u => u.Id > id).OrderBy(u => u.Id).Take(20).ToListAsync();', false],
  ],
  'unbounded-select': [
    ['ActiveRecord all', 'app/a.rb', 'User.all.to_a', true],
    ['ActiveRecord find_each', 'app/a.rb', 'User.find_each { |user| puts user.name }', false],
    ['ActiveRecord in_batches', 'app/a.rb', 'User.in_batches { |users| puts users.size }', false],
    ['ActiveRecord pluck of distinct values', 'app/a.rb', 'User.distinct.pluck(:team_id)', false],
    ['ActiveRecord pluck of distinct values as text', 'app/a.rb', 'User.pluck("DISTINCT team_id")', false],
    ['ActiveRecord pluck of distinct values by Arel', 'app/a.rb', 'User.pluck(Arel.sql("DISTINCT team_id"))', false],
    ['ActiveRecord pluck of distinct values as a call', 'app/a.rb', 'User.pluck("DISTINCT(team_id)")', false],
    ['ActiveRecord pluck', 'app/a.rb', 'User.pluck(:team_id)', true],
    ['Eloquent all', 'app/A.php', '$users = User::all();', true],
    ['Eloquent cursor', 'app/A.php', 'foreach (User::cursor() as $user) { echo $user->name; }', false],
    ['Eloquent lazy', 'app/A.php', 'foreach (User::lazy() as $user) { echo $user->name; }', false],
    ['Eloquent chunk', 'app/A.php', 'User::orderBy("id")->chunk(100, function ($users) { echo count($users); });', false],
    ['gorm Find', 'a.go', 'db.Find(&users)', true],
    ['gorm FindInBatches', 'a.go', 'db.FindInBatches(&users, 100, func(tx *gorm.DB, batch int) error { return nil })', false],
    ['gorm Rows', 'a.go', 'rows, err := db.Model(&User{}).Rows()', false],
    ['Spring Data stream', 'Service.java', 'users.streamAllBy().forEach(user -> print(user));', false],
    ['JdbcTemplate queryForStream', 'Service.java', 'jdbc.queryForStream("SELECT id, name FROM users", mapper).forEach(user -> print(user));', false],
    ['EF Core ToListAsync', 'A.cs', 'var found = await _db.Users.ToListAsync();', true],
    ['EF Core AsAsyncEnumerable', 'A.cs', 'await foreach (var user in _db.Users.AsAsyncEnumerable()) { Print(user); }', false],
    ['diesel load', 'a.rs', 'let all = users::table.load::<User>(conn).await?;', true],
    ['diesel load_stream', 'a.rs', 'let mut all = users::table.load_stream::<User>(conn).await?;', false],
    ['sqlx fetch', 'a.rs', 'let mut all = sqlx::query("SELECT id, name FROM users").fetch(pool);', false],
    ['sqlx fetch_all', 'a.rs', 'let all = sqlx::query("SELECT id, name FROM users").fetch_all(pool).await?;', true],
  ],
  'leading-wildcard-like': [
    ['ActiveRecord', 'app/a.rb', 'User.where("name ILIKE ?", "%#{name}%").limit(5).to_a', true],
    ['Eloquent', 'app/A.php', '$users = User::where("name", "like", "%{$name}%")->limit(5)->get();', true],
    ['gorm', 'a.go', 'db.Where("name ILIKE ?", "%"+name+"%").Limit(5).Find(&users)', true],
    ['Spring Data Containing', 'Service.java', 'users.findByNameContaining(name);', true],
    ['Spring Data StartingWith', 'Service.java', 'users.findByNameStartingWith(name);', false],
    ['EF Core Contains', 'A.cs', 'var found = await _db.Users.Where(u => u.Name.Contains(name)).Take(5).ToListAsync();', true],
    ['EF Core StartsWith', 'A.cs', 'var found = await _db.Users.Where(u => u.Name.StartsWith(name)).Take(5).ToListAsync();', false],
    ['diesel ilike', 'a.rs', 'users::table.filter(users::name.ilike(format!("%{}%", name))).limit(5).load::<User>(conn).await?;', true],
  ],
  'count-for-existence': [
    ['ActiveRecord count > 0', 'app/a.rb', 'User.where(name: name).count > 0', true],
    ['ActiveRecord count.positive?', 'app/a.rb', 'User.where(name: name).count.positive?', true],
    ['ActiveRecord count.zero?', 'app/a.rb', 'User.where(name: name).count.zero?', true],
    ['ActiveRecord exists?', 'app/a.rb', 'User.where(name: name).exists?', false],
    ['Eloquent count() > 0', 'app/A.php', 'return User::where("name", $name)->count() > 0;', true],
    ['Eloquent exists()', 'app/A.php', 'return User::where("name", $name)->exists();', false],
    ['EF Core CountAsync > 0', 'A.cs', 'return await _db.Users.CountAsync(u => u.Name == name) > 0;', true],
    ['EF Core AnyAsync', 'A.cs', 'return await _db.Users.AnyAsync(u => u.Name == name);', false],
  ],
  'order-by-random': [
    ['ActiveRecord', 'app/a.rb', 'User.order("RANDOM()").limit(3).to_a', true],
    ['Eloquent inRandomOrder', 'app/A.php', '$users = User::inRandomOrder()->limit(3)->get();', true],
    ['gorm', 'a.go', 'db.Order("random()").Limit(3).Find(&users)', true],
    ['EF Core Guid.NewGuid', 'A.cs', 'var found = await _db.Users.OrderBy(u => EF.Functions.Random()).Take(3).ToListAsync();', true],
  ],
  'queue-without-skip-locked': [
    ['ActiveRecord lock', 'app/a.rb', 'User.where(name: name).order(:id).limit(1).lock.to_a', true],
    ['ActiveRecord lock with SKIP LOCKED', 'app/a.rb', 'User.where(name: name).order(:id).limit(1).lock("FOR UPDATE SKIP LOCKED").to_a', false],
    ['Eloquent lockForUpdate', 'app/A.php', '$user = User::where("name", $name)->orderBy("id")->limit(1)->lockForUpdate()->get();', true],
  ],
};
