import { describe as group, expect, it } from 'vitest';
import { pluralize, snakeCase } from '../../../server/src/core/libraries/shared/modelChains';
import { innocent } from '../../support/adapterCases';
import { codeWorkspace, describe } from '../../support/readCommon';

const statements = async (files: Readonly<Record<string, string>>, path: string): Promise<string[]> => (await codeWorkspace(files)).file(path).sites.map((site) => `${site.access} ${describe(site)}`);

it.each([['person', 'people'], ['category', 'categories'], ['day', 'days'], ['box', 'boxes'], ['status', 'statuses'], ['order_address', 'order_addresses'], ['half', 'halves'], ['hero', 'heroes'], ['photo', 'photos'], ['news', 'news'], ['analysis', 'analyses']])('the plural of %s is %s', (one, many) => {
  expect(pluralize(one)).toBe(many);
});
it('writes names in snake case', () => {
  expect(['OrderItem', 'APIKey', 'Admin::User', 'User2FA'].map(snakeCase)).toEqual(['order_item', 'api_key', 'admin_user', 'user2_fa']);
});

const rails = {
  'app/models/user.rb': 'class User < ApplicationRecord\n  belongs_to :team\n  has_many :posts\nend\n',
  'app/models/post.rb': 'class Post < ApplicationRecord\n  self.table_name = "articles"\n  belongs_to :author, class_name: "User"\nend\n',
};
const rb = async (body: string): Promise<string[]> => statements({ ...rails, 'app/a.rb': `class A\n  def run(id, ids, name, page)\n    ${body}\n  end\nend\n` }, 'app/a.rb');

group('ActiveRecord', () => {
  it.each<[string, string[]]>([
    ['User.find(id)', ['read SELECT * FROM users WHERE id = $1 LIMIT 1']],
    ['User.find_by(name: name)', ['read SELECT * FROM users WHERE name = $1 LIMIT 1']],
    ['User.where(name: name, kind: 1).to_a', ['read SELECT * FROM users WHERE name = $1 AND kind = 1']],
    ['User.where(id: [1, 2]).pluck(:id)', ['read SELECT id FROM users WHERE id = ANY($1)']],
    ['User.where(deleted_at: nil).order(:name).limit(10).to_a', ['read SELECT * FROM users WHERE deleted_at IS NULL ORDER BY name LIMIT 10']],
    ['User.where(team: id, kind: 1).to_a', ['read SELECT * FROM users WHERE team_id = $1 AND kind = 1']],
    ['User.where(posts: ids).to_a', ['read SELECT * FROM users WHERE TRUE']],
    ['User.where(created_at: id..).to_a', ['read SELECT * FROM users WHERE created_at >= $1']],
    ['User.where(created_at: (id...page), kind: ..5).to_a', ['read SELECT * FROM users WHERE created_at >= $1 AND created_at < $2 AND kind <= 5']],
    ['User.where("name LIKE ?", "%x%").to_a', ["read SELECT * FROM users WHERE (name LIKE '%x%')"]],
    ['User.order(created_at: :desc).offset(page).limit(20).to_a', ['read SELECT * FROM users ORDER BY created_at DESC LIMIT 20 OFFSET $1']],
    ['User.page(page).per(20).to_a', ['read SELECT * FROM users LIMIT 20 OFFSET $1']],
    ['Post.find(id)', ['read SELECT * FROM articles WHERE id = $1 LIMIT 1']],
    ['User.count', ['read SELECT count(*) FROM users']],
    ['User.exists?(name: name)', ['read SELECT * FROM users LIMIT 1']],
    ['User.create!(name: name)', ['write (opaque)']],
    ['User.where(id: ids).update_all(name: name)', ['write (opaque)']],
    ['User.insert_all(rows)', ['write (opaque)']],
    ['Unknown.where(name: name).to_a', ['read (opaque)']],
    ['User.includes(:posts).where(name: name).each { |u| u }', ['read SELECT * FROM users WHERE name = $1']],
  ])('%s', async (body, expected) => {
    expect(await rb(body)).toEqual(expected);
  });

  it.each(innocent('active-record', [['User.new(name: name)'], ['User.human_attribute_name(:x)'], ['User.model_name'], ['Dir.glob("x").first'], ['ids.find { |x| x }'], ['Hash.new.count'], ['Time.now.to_a'], ['Clickhouse::Event.where(id: ids).to_a']]))('%s is no query', async (body) => {
    expect((await codeWorkspace({ ...rails, 'app/a.rb': `def run(ids, name)\n  ${body}\nend\n` })).file('app/a.rb').sites.filter((site) => site.executes !== 'no')).toEqual([]);
  });

  it('what a model adds to every query is not seen as missing', async () => {
    const scoped = async (body: string): Promise<unknown[]> => (await codeWorkspace({ 'app/models/user.rb': 'class User < ApplicationRecord\n  include Discard::Model\n  default_scope -> { kept }\nend\n', 'app/a.rb': `def run(id)\n  ${body}\nend\n` })).file('app/a.rb').sites.map((site) => site.complete);
    expect(await scoped('User.where(kind: id).to_a')).toEqual([false]);
    expect(await scoped('User.unscoped.where(kind: id).to_a')).toEqual([true]);
  });

  it('sees loops, lazy associations, and what loads them along', async () => {
    const text = (body: string): Readonly<Record<string, string>> => ({ ...rails, 'app/a.rb': `class A\n  def run(ids)\n    ${body}\n  end\nend\n` });
    const loops = async (body: string): Promise<readonly string[]> => (await codeWorkspace(text(body))).lint('app/a.rb', 'n-plus-one', 'write-in-loop');
    expect(await loops('ids.each { |id| User.find(id) }')).toEqual(['n-plus-one: User.find']);
    expect(await loops('ids.each { |id| User.create!(id: id) }')).toEqual(['write-in-loop: User.create!']);
    expect(await loops('User.find_each { |user| Post.find_by(author_id: user.id) }')).toEqual(['n-plus-one: Post.find_by']);
    expect(await loops('User.where(kind: 1).each { |user| user.team }')).toEqual(['n-plus-one: user.team']);
    expect(await loops('users = User.where(kind: 1)\n    users.each { |user| user.team }')).toEqual(['n-plus-one: user.team']);
    expect(await loops('User.includes(:team).where(kind: 1).each { |user| user.team }')).toEqual([]);
    expect(await loops('User.in_batches { |batch| Post.where(author_id: batch).update_all(x: 1) }')).toEqual([]);
    expect(await loops('%w[a b].each { |kind| User.find_by(kind: kind) }')).toEqual([]);
    expect(await loops('ids.map { |id| User.new(id: id) }')).toEqual([]);
  });

  it('underlines the offset', async () => {
    const workspace = await codeWorkspace({ ...rails, 'app/a.rb': 'User.order(:id).limit(20).offset(page).to_a\n' });
    expect(workspace.lint('app/a.rb', 'offset-pagination')).toEqual(['offset-pagination: .offset(page)']);
  });
});

const laravel = { 'app/Models/Note.php': '<?php\nnamespace App\\Models;\nclass Note extends Model { use HasFactory, SoftDeletes; }\n', 'app/Models/User.php': '<?php\nnamespace App\\Models;\nclass User extends Model {\n    public function posts() { return $this->hasMany(Post::class); }\n}\n', 'app/Models/Post.php': '<?php\nnamespace App\\Models;\nclass Post extends Model { protected $table = \'articles\'; }\n' };
const php = async (body: string): Promise<string[]> => statements({ ...laravel, 'app/A.php': `<?php\nuse App\\Models\\User;\nuse App\\Models\\Post;\nfunction run($id, $ids, $name, $page) {\n    ${body}\n}\n` }, 'app/A.php');

group('Eloquent', () => {
  it.each<[string, string[]]>([
    ['User::find($id);', ['read SELECT * FROM users WHERE id = $1 LIMIT 1']],
    ['User::where(\'name\', $name)->get();', ['read SELECT * FROM users WHERE name = $1']],
    ['User::where(\'age\', \'>\', 5)->orderBy(\'name\')->limit(10)->get();', ['read SELECT * FROM users WHERE age > 5 ORDER BY name LIMIT 10']],
    ['User::query()->whereNull(\'deleted_at\')->first();', ['read SELECT * FROM users WHERE deleted_at IS NULL LIMIT 1']],
    ['Post::where(\'title\', \'like\', \'%x%\')->get();', ["read SELECT * FROM articles WHERE title like '%x%'"]],
    ['User::orderByDesc(\'id\')->paginate(15);', ['read SELECT * FROM users ORDER BY id DESC LIMIT 15 OFFSET $1']],
    ['User::orderBy(\'id\')->cursorPaginate(15);', ['read SELECT * FROM users ORDER BY id LIMIT 15']],
    ['DB::table(\'orders\')->where(\'id\', $id)->offset($page)->limit(20)->get();', ['read SELECT * FROM orders WHERE id = $1 LIMIT 20 OFFSET $2']],
    ['Note::where(\'name\', $name)->get();', ['read SELECT * FROM notes WHERE name = $1 AND deleted_at IS NULL']],
    ['Note::withTrashed()->where(\'name\', $name)->get();', ['read SELECT * FROM notes WHERE name = $1']],
    ['User::create([\'name\' => $name]);', ['write (opaque)']],
    ['DB::table(\'orders\')->insert([\'id\' => 1]);', ['write (opaque)']],
    ['User::all();', ['read SELECT * FROM users']],
  ])('%s', async (body, expected) => {
    expect(await php(body)).toEqual(expected);
  });

  it.each(innocent('eloquent', ['Cache::get($name);', 'Storage::find($id);', '$list->where(\'name\', $name)->first();', 'Arr::first($ids);', 'Str::of($name)->get();', 'new User([\'name\' => $name]);', 'Route::get(\'/users\', fn () => 1);']))('nothing is sent by %s', async (body) => {
    expect(await php(body)).toEqual([]);
  });

  it('sees loops, lazy relations, and what loads them along', async () => {
    const lint = async (body: string): Promise<readonly string[]> => (await codeWorkspace({ ...laravel, 'app/A.php': `<?php\nuse App\\Models\\User;\nfunction run($ids) {\n    ${body}\n}\n` })).lint('app/A.php', 'n-plus-one', 'write-in-loop');
    expect(await lint('foreach ($ids as $id) { User::find($id); }')).toEqual(['n-plus-one: User::find']);
    expect(await lint('foreach ($ids as $id) { User::create([\'id\' => $id]); }')).toEqual(['write-in-loop: User::create']);
    expect(await lint('foreach (User::where(\'kind\', 1)->get() as $user) { $user->posts; }')).toEqual(['n-plus-one: $user->posts']);
    expect(await lint('$users = User::where(\'kind\', 1)->get();\n    foreach ($users as $user) { count($user->posts); }')).toEqual(['n-plus-one: $user->posts']);
    expect(await lint('foreach (User::with(\'posts\')->get() as $user) { $user->posts; }')).toEqual([]);
    expect(await lint('foreach (array_chunk($ids, 100) as $chunk) { User::whereIn(\'id\', $chunk)->get(); }')).toEqual([]);
  });
});

const go = (body: string): string => `package a\n\nimport "gorm.io/gorm"\n\ntype OrderItem struct {\n\tgorm.Model\n\tName string\n}\n\ntype User struct {\n\tID int64 \`gorm:"primaryKey"\`\n}\n\nfunc (User) TableName() string {\n\treturn "accounts"\n}\n\nfunc run(db *gorm.DB, id int64, ids []int64, page int) {\n\tvar items []OrderItem\n\tvar user User\n\t${body}\n}\n`;

group('gorm', () => {
  it.each<[string, string[]]>([
    ['db.Where("name = ?", id).Find(&items)', ['read SELECT * FROM order_items WHERE (name = $1) AND deleted_at IS NULL']],
    ['db.First(&user, "id = ?", id)', ['read SELECT * FROM accounts WHERE (id = $1) ORDER BY id LIMIT 1']],
    ['db.Order("id").Limit(20).Offset(page).Find(&items)', ['read SELECT * FROM order_items WHERE deleted_at IS NULL ORDER BY id LIMIT 20 OFFSET $1']],
    ['db.Model(&OrderItem{}).Where("id > 5").Count(&n)', ['read SELECT * FROM order_items WHERE (id > 5) AND deleted_at IS NULL']],
    ['db.Unscoped().Where("id > 5").Find(&items)', ['read SELECT * FROM order_items WHERE (id > 5)']],
    ['db.Create(&user)', ['write (opaque)']],
    ['db.Save(&user)', ['write (opaque)']],
    ['db.Model(&user).Updates(map[string]any{"name": "x"})', ['write (opaque)']],
    ['db.CreateInBatches(items, 100)', ['write (opaque)']],
    ['db.Preload("Orders").Find(&items)', ['read SELECT * FROM order_items WHERE deleted_at IS NULL']],
  ])('%s', async (body, expected) => {
    expect(await statements({ 'a.go': go(body) }, 'a.go')).toEqual(expected);
  });

  it('sees loops', async () => {
    const lint = async (body: string): Promise<readonly string[]> => (await codeWorkspace({ 'a.go': go(body) })).lint('a.go', 'n-plus-one', 'write-in-loop', 'offset-pagination');
    expect(await lint('for _, one := range ids {\n\t\tdb.First(&user, "id = ?", one)\n\t}')).toEqual(['n-plus-one: db.First']);
    expect(await lint('for _, item := range items {\n\t\tdb.Save(&item)\n\t}')).toEqual(['write-in-loop: db.Save']);
    expect(await lint('db.Order("id").Limit(20).Offset(page).Find(&items)')).toEqual(['offset-pagination: .Offset(page)']);
    expect(await lint('for _, chunk := range lo.Chunk(ids, 100) {\n\t\tdb.Where("id IN ?", chunk).Find(&items)\n\t}')).toEqual([]);
  });
});

const ef = { 'Data/Shop.cs': 'using Microsoft.EntityFrameworkCore;\npublic class ShopContext : DbContext {\n  public DbSet<User> Users { get; set; }\n  public DbSet<Order> Orders => Set<Order>();\n}\n' };
const cs = (body: string): string => `using Microsoft.EntityFrameworkCore;\npublic class A {\n  private readonly ShopContext _db;\n  public async Task Run(int id, List<int> ids, int page) {\n    ${body}\n  }\n}\n`;

group('EF Core', () => {
  it.each<[string, string[]]>([
    ['await _db.Users.ToListAsync();', ['read SELECT * FROM "Users"']],
    ['await _db.Users.FindAsync(id);', ['read SELECT * FROM "Users" WHERE "Id" = $1 LIMIT 1']],
    ['await _db.Users.Where(u => u.Id == id).OrderBy(u => u.Id).Skip(page).Take(20).ToListAsync();', ['read SELECT * FROM "Users" WHERE "Id" = $1 ORDER BY "Id" LIMIT 20 OFFSET $2']],
    ['await _db.Orders.AsNoTracking().FirstOrDefaultAsync(o => o.Id == id);', ['read SELECT * FROM "Orders" WHERE "Id" = $1 LIMIT 1']],
    ['await _db.Users.Where(u => u.Id == id).ExecuteDeleteAsync();', ['write (opaque)']],
  ])('%s', async (body, expected) => {
    expect(await statements({ ...ef, 'A.cs': cs(body) }, 'A.cs')).toEqual(expected);
  });

  it('sees loops and pages, not what a unit of work collects', async () => {
    const lint = async (body: string): Promise<readonly string[]> => (await codeWorkspace({ ...ef, 'A.cs': cs(body) })).lint('A.cs', 'n-plus-one', 'write-in-loop', 'offset-pagination');
    expect(await lint('foreach (var one in ids) { var user = await _db.Users.FirstAsync(u => u.Id == one); }')).toEqual(['n-plus-one: _db.Users.FirstAsync']);
    expect(await lint('await _db.Users.OrderBy(u => u.Id).Skip(page * 20).Take(20).ToListAsync();')).toEqual(['offset-pagination: .Skip(page * 20)']);
    expect(await lint('foreach (var one in ids) { _db.Users.Add(new User { Id = one }); }')).toEqual([]);
  });
});
