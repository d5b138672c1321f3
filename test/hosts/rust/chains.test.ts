import { describe, expect, it } from 'vitest';
import { compared, innocent } from '../../support/adapterCases';
import { codeWorkspace, readCode, statementsOf } from '../../support/readCommon';
import { expectMarks } from '../../support/recordedChains';

const diesel = (body: string): string => `use diesel::prelude::*;\nuse diesel_async::RunQueryDsl;\nuse crate::schema::{users, posts, teams};\nasync fn run(conn: &mut AsyncPgConnection, id: i64, ids: Vec<i64>, name: String, page: i64) -> Result<(), Error> {\n    ${body}\n    Ok(())\n}\n`;

const dieselChains: readonly (readonly [string, readonly string[]])[] = [
  ['let user = users::table.find(id).first::<User>(conn).await?;', ['SELECT * FROM users WHERE users.id = $1 LIMIT 1']],
  ['let all = users::table.load::<User>(conn).await?;', ['SELECT * FROM users']],
  ['users::table.filter(users::name.eq(name)).load::<User>(conn).await?;', ['SELECT * FROM users WHERE users.name = $1']],
  ['users::table.filter(users::name.eq("x").and(users::age.gt(18))).select(User::as_select()).get_results(conn).await?;', ["SELECT * FROM users WHERE (users.name = 'x' AND users.age > 18)"]],
  ['users::table.filter(users::id.eq_any(&ids)).load::<User>(conn).await?;', ['SELECT * FROM users WHERE users.id = ANY($1)']],
  ['users::table.filter(users::deleted_at.is_null()).filter(users::email.ilike("%x")).order(users::id.desc()).limit(10).offset(page * 10).load::<User>(conn).await?;', ["SELECT * FROM users WHERE users.deleted_at IS NULL AND users.email ILIKE '%x' ORDER BY users.id DESC LIMIT 10 OFFSET $1"]],
  ['users::table.order((users::team_id.asc(), users::id.desc().nulls_last())).load::<User>(conn).await?;', ['SELECT * FROM users ORDER BY users.team_id, users.id DESC NULLS LAST']],
  ['users::table.order_by(users::id).then_order_by(users::name).first::<User>(conn).await.optional()?;', ['SELECT * FROM users ORDER BY users.id, users.name LIMIT 1']],
  ['posts::table.inner_join(users::table).filter(users::name.eq(name)).filter(posts::draft).load::<Post>(conn).await?;', ['SELECT * FROM posts WHERE posts.draft']],
  ['posts::table.filter(posts::age.between(1, 5)).filter(diesel::dsl::not(posts::draft)).load::<Post>(conn).await?;', ['SELECT * FROM posts WHERE posts.age BETWEEN 1 AND 5 AND NOT (posts.draft)']],
  ['posts::table.filter(posts::tags.contains(tags)).load::<Post>(conn).await?;', ['SELECT * FROM posts WHERE posts.tags @> $1']],
  ['posts::table.filter(posts::title.starts_with(name)).load::<Post>(conn).await?;', ['SELECT * FROM posts']],
  ['let n: i64 = posts::table.filter(posts::user_id.eq(id)).count().get_result(conn).await?;', ['SELECT * FROM posts WHERE posts.user_id = $1']],
  ['users::table.filter(users::id.eq(1)).or_filter(users::age.gt(id)).load::<User>(conn).await?;', ['SELECT * FROM users']],
  ['users::table.order(users::id).order(users::name).load::<User>(conn).await?;', ['SELECT * FROM users ORDER BY users.name']],
  ['diesel::insert_into(users::table).values(&new_user).get_result::<User>(conn).await?;', ['(opaque)']],
  ['diesel::update(users::table.find(id)).set(users::name.eq(name)).execute(conn).await?;', ['(opaque)']],
  ['diesel::delete(users::table.filter(users::id.eq(id))).execute(conn).await?;', ['(opaque)']],
  ['let mut query = users::table.into_boxed();\n    query = query.filter(users::name.eq(name));\n    query.load::<User>(conn).await?;', ['SELECT * FROM users']],
  ['crate::schema::users::table.filter(crate::schema::users::id.ne(id)).load::<User>(conn).await?;', ['SELECT * FROM users WHERE users.id <> $1']],
];

describe('what diesel sends', () => {
  it.each(compared('diesel', dieselChains))('%s', async (body, expected) => {
    expect(await statementsOf('src/users.rs', diesel(body))).toEqual(expected);
    expectMarks(await readCode('src/users.rs', diesel(body)), diesel(body));
  });

  it('knows the dsl of one table', async () => {
    expect(await statementsOf('src/users.rs', 'use diesel::prelude::*;\nuse crate::schema::users::dsl::*;\nfn run(conn: &mut PgConnection, key: i64) { users.filter(id.eq(key)).order(name).first::<User>(conn); }')).toEqual(['SELECT * FROM users WHERE users.id = $1 ORDER BY users.name LIMIT 1']);
  });

  it.each(innocent('diesel', [
    ['let kept = users.iter().filter(|u| u.active).collect::<Vec<_>>();'],
    ['let first = list.first();'],
    ['let expr = users::name.eq(name);'],
    ['let found = map.find(id).load(conn);'],
    ['config::table.get("users");'],
    ['let key = users::id.desc();'],
  ]))('nothing is sent by %s', async (body) => {
    expect(await statementsOf('src/users.rs', diesel(body))).toEqual([]);
  });

  it('finds queries in loops, through functions too, and places on the table', async () => {
    const workspace = await codeWorkspace({ 'src/users.rs': diesel('for one in ids {\n        let user = users::table.find(one).first::<User>(conn).await?;\n        diesel::delete(posts::table.filter(posts::user_id.eq(one))).execute(conn).await?;\n    }\n    let all = teams::table.load::<Team>(conn).await?;') });
    expect(workspace.lint('src/users.rs')).toEqual(['n-plus-one: users::table.find', 'write-in-loop: diesel::delete', 'unbounded-select: teams::table']);
  });
});

const entities = {
  'src/entity/cake.rs': 'use sea_orm::entity::prelude::*;\n\n#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]\n#[sea_orm(table_name = "cakes")]\npub struct Model {\n    #[sea_orm(primary_key)]\n    pub id: i32,\n    pub name: String,\n    pub bakery_id: i32,\n}\n',
};
const seaOrm = (body: string): string => `use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Condition, PaginatorTrait};\nuse crate::entity::{cake, prelude::*};\npub async fn run(db: &DatabaseConnection, id: i32, ids: Vec<i32>, name: String, page: u64) -> Result<(), DbErr> {\n    ${body}\n    Ok(())\n}\n`;
const statements = async (body: string): Promise<readonly string[]> => {
  const workspace = await codeWorkspace({ ...entities, 'src/service.rs': seaOrm(body) });
  expectMarks(workspace.file('src/service.rs'), seaOrm(body));
  return workspace.file('src/service.rs').sites.map((site) => site.source?.text ?? '(opaque)');
};

const seaOrmChains: readonly (readonly [string, readonly string[]])[] = [
  ['let all = cake::Entity::find().all(db).await?;', ['SELECT * FROM cakes']],
  ['let one = cake::Entity::find_by_id(id).one(db).await?;', ['SELECT * FROM cakes WHERE cakes.id = $1 LIMIT 1']],
  ['Cake::find().filter(cake::Column::Name.eq(name)).all(db).await?;', ['SELECT * FROM cakes WHERE cakes.name = $1']],
  ['Cake::find().filter(cake::Column::Name.contains("choco")).all(db).await?;', ["SELECT * FROM cakes WHERE cakes.name LIKE '%choco%'"]],
  ['Cake::find().filter(cake::Column::Name.starts_with(&name)).all(db).await?;', ["SELECT * FROM cakes WHERE cakes.name LIKE $1 || '%'"]],
  ['Cake::find().filter(cake::Column::Id.is_in(ids)).all(db).await?;', ['SELECT * FROM cakes WHERE cakes.id = ANY($1)']],
  ['Cake::find().filter(cake::Column::BakeryId.eq(id).and(cake::Column::Name.is_not_null())).one(db).await?;', ['SELECT * FROM cakes WHERE (cakes.bakery_id = $1 AND cakes.name IS NOT NULL) LIMIT 1']],
  ['Cake::find().filter(Condition::any().add(cake::Column::Id.eq(1)).add(cake::Column::Name.like("a%"))).all(db).await?;', ["SELECT * FROM cakes WHERE (cakes.id = 1 OR cakes.name LIKE 'a%')"]],
  ['Cake::find().order_by_asc(cake::Column::Name).order_by_desc(cake::Column::Id).limit(10).offset(page * 10).all(db).await?;', ['SELECT * FROM cakes ORDER BY cakes.name, cakes.id DESC LIMIT 10 OFFSET $1']],
  ['Cake::find().order_by(cake::Column::Id, Order::Desc).one(db).await?;', ['SELECT * FROM cakes ORDER BY cakes.id DESC LIMIT 1']],
  ['let pages = Cake::find().order_by_asc(cake::Column::Id).paginate(db, 50);', ['SELECT * FROM cakes ORDER BY cakes.id LIMIT 50 OFFSET $1']],
  ['let n = Cake::find().filter(cake::Column::BakeryId.gte(id)).count(db).await?;', ['SELECT * FROM cakes WHERE cakes.bakery_id >= $1']],
  ['let mut rows = Cake::find().stream(db).await?;', ['SELECT * FROM cakes']],
  ['Cake::delete_many().filter(cake::Column::Id.eq(id)).exec(db).await?;', ['(opaque)']],
  ['Cake::delete_by_id(id).exec(db).await?;', ['(opaque)']],
  ['Cake::insert_many(models).exec(db).await?;', ['(opaque)']],
  ['fruit::Entity::find().all(db).await?;', ['(opaque)']],
];

describe('what SeaORM sends', () => {
  it.each(compared('sea-orm', seaOrmChains))('%s', async (body, expected) => {
    expect(await statements(body)).toEqual(expected);
  });

  it.each(innocent('sea-orm', [
    ['let found = list.iter().find(|c| c.id == id);'],
    ['let one = Finder::find(id);'],
    ['let column = cake::Column::Name.eq(name);'],
    ['let all = ids.iter().all(|i| *i > 0);'],
    ['let condition = Condition::all().add(cake::Column::Id.eq(1));'],
  ]))('nothing is sent by %s', async (body) => {
    expect(await statements(body)).toEqual([]);
  });

  it('finds queries in loops', async () => {
    const workspace = await codeWorkspace({ ...entities, 'src/service.rs': seaOrm('for one in ids {\n        let found = Cake::find_by_id(one).one(db).await?;\n    }\n    Cake::find().all(db).await?;') });
    expect(workspace.lint('src/service.rs')).toEqual(['n-plus-one: Cake::find_by_id', 'unbounded-select: Cake']);
  });
});
