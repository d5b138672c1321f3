import { describe, expect, it } from 'vitest';
import { innocent } from '../../support/adapterCases';
import { codeWorkspace } from '../../support/readCommon';

const models = { 'model/model.go': 'package model\n\nimport "gorm.io/gorm"\n\ntype User struct {\n\tID int64 `gorm:"primaryKey"`\n\tName string\n\tTeamID int64 `gorm:"column:team"`\n\tPosts []Post\n}\n\ntype Post struct {\n\tgorm.Model\n\tTitle string\n}\n\nfunc (Post) TableName() string { return "blog_posts" }\n\ntype Session struct {\n\tID int64\n\tToken string `gorm:"size:64;primaryKey"`\n}\n\ntype Grant struct {\n\tUserID int64 `gorm:"primaryKey"`\n\tRoleID int64 `gorm:"primaryKey"`\n}\n\ntype Entry struct {\n\tBase\n\tNote string `gorm:"not null"`\n}\n' };
const code = (body: string): string => `package store

import (
	"context"
	"gorm.io/gorm"
	"example.org/app/model"
)

type Store struct {
	db *gorm.DB
}

func (s *Store) run(ctx context.Context, id int64, ids []int64, name string, page int) error {
	var user model.User
	var users []model.User
	var posts []model.Post
	var sessions []model.Session
	var grant model.Grant
	var entry model.Entry
	var n int64
	${body}
	return nil
}
`;
const statements = async (body: string): Promise<readonly string[]> => (await codeWorkspace({ ...models, 'store.go': code(body) })).file('store.go').sites.map((site) => `${site.source?.text ?? '(opaque)'}${site.complete || !site.source ? '' : ' …'}`);

const chains: readonly (readonly [string, string])[] = [
  ['s.db.Find(&users)', 'SELECT * FROM users'],
  ['s.db.WithContext(ctx).First(&user, id)', 'SELECT * FROM users WHERE id = $1 ORDER BY id LIMIT 1'],
  ['s.db.First(&user, 10)', 'SELECT * FROM users WHERE id = 10 ORDER BY id LIMIT 1'],
  ['s.db.Find(&users, ids)', 'SELECT * FROM users WHERE id = ANY($1)'],
  ['s.db.Take(&user)', 'SELECT * FROM users LIMIT 1'],
  ['s.db.Last(&user)', 'SELECT * FROM users ORDER BY id DESC LIMIT 1'],
  ['s.db.Where("name = ?", name).First(&user)', 'SELECT * FROM users WHERE (name = $1) ORDER BY id LIMIT 1'],
  ['s.db.Where("name = ? AND team = ?", name, 5).Find(&users)', 'SELECT * FROM users WHERE (name = $1 AND team = 5)'],
  ['s.db.Where("id IN ?", ids).Find(&users)', 'SELECT * FROM users WHERE (id = ANY($1))'],
  ['s.db.Where("id NOT IN ?", ids).Find(&users)', 'SELECT * FROM users WHERE (id <> ALL($1))'],
  ['s.db.Where(map[string]any{"name": name, "team": 3}).Find(&users)', 'SELECT * FROM users WHERE name = $1 AND team = 3'],
  ['s.db.Where(&model.User{TeamID: 3}).Find(&users)', 'SELECT * FROM users WHERE team = 3'],
  ['s.db.Where(&model.User{Name: name}).Find(&users)', 'SELECT * FROM users WHERE name = $1 …'],
  ['s.db.Where("team = ?", id).Or("name = ?", name).Find(&users)', 'SELECT * FROM users WHERE (((team = $1)) OR (name = $2))'],
  ['s.db.Not("name = ?", name).Find(&users)', 'SELECT * FROM users WHERE NOT ((name = $1))'],
  ['s.db.Not(&model.User{Name: "a", TeamID: 1}).Find(&users)', "SELECT * FROM users WHERE NOT (name = 'a') AND NOT (team = 1)"],
  ['s.db.Not(map[string]any{"name": "a", "team": ids}).Find(&users)', "SELECT * FROM users WHERE NOT (name = 'a') AND NOT (team = ANY($1))"],
  ['s.db.Not(ids).Find(&users)', 'SELECT * FROM users WHERE NOT (id = ANY($1))'],
  ['s.db.First(&sessions)', 'SELECT * FROM sessions ORDER BY token LIMIT 1'],
  ['s.db.Last(&sessions, id)', 'SELECT * FROM sessions WHERE token = $1 ORDER BY token DESC LIMIT 1'],
  ['s.db.Find(&sessions, []int64{1, 2})', 'SELECT * FROM sessions WHERE token = ANY($1)'],
  ['s.db.First(&grant)', 'SELECT * FROM grants LIMIT 1 …'],
  ['s.db.Find(&grant, 5)', 'SELECT * FROM grants …'],
  ['s.db.First(&entry)', 'SELECT * FROM entries LIMIT 1 …'],
  ['s.db.Order("id desc").Limit(20).Offset(page * 20).Find(&users)', 'SELECT * FROM users ORDER BY id desc LIMIT 20 OFFSET $1'],
  ['s.db.Model(&model.User{}).Where("team = ?", id).Count(&n)', 'SELECT * FROM users WHERE (team = $1)'],
  ['s.db.Preload("Posts").Find(&users)', 'SELECT * FROM users'],
  ['s.db.Find(&posts)', 'SELECT * FROM blog_posts WHERE deleted_at IS NULL'],
  ['s.db.Unscoped().Find(&posts)', 'SELECT * FROM blog_posts'],
  ['s.db.Table("people").Where("age > ?", 3).Find(&users)', 'SELECT * FROM people WHERE (age > 3)'],
  ['s.db.Scopes(Tenant(id)).Find(&users)', 'SELECT * FROM users …'],
  ['s.db.Create(&user)', '(opaque)'],
];

describe('what gorm sends', () => {
  it.each(chains)('%s', async (body, expected) => {
    expect(await statements(body)).toEqual([expected]);
  });

  it.each(innocent('gorm', ['users.Find(&user)', 'cache.First(name)', 'strings.Index(name, "First")', 'finder.Where("name = ?", name)', 'list.Find(func(u model.User) bool { return u.ID == id })']))('nothing is sent by %s', async (body) => {
    expect(await statements(body)).toEqual([]);
  });

  it('loops and pages, with their places', async () => {
    const workspace = await codeWorkspace({ ...models, 'store.go': code('for _, one := range ids {\n\t\ts.db.First(&user, one)\n\t\ts.db.Where("team = ?", one).Find(&users)\n\t\ts.db.Create(&model.User{TeamID: one})\n\t}\n\ts.db.Order("id").Limit(20).Offset(page * 20).Find(&users)\n\ts.db.Transaction(func(tx *gorm.DB) error {\n\t\treturn tx.Where("name = ?", name).First(&user).Error\n\t})') });
    expect(workspace.lint('store.go')).toEqual(['n-plus-one: s.db.First', 'n-plus-one: s.db.Where', 'write-in-loop: s.db.Create', 'offset-pagination: .Offset(page * 20)']);
  });
});
