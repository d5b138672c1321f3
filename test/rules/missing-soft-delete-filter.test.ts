import { missingSoftDeleteFilter } from '../../server/src/core/rules/missing-soft-delete-filter';
import { testRule } from '../support/ruleTester';

const usual = [1, 2, 3].map((i) => `SELECT name FROM users WHERE team_id = $${i} AND deleted_at IS NULL;\n`).join('');

testRule(missingSoftDeleteFilter, {
  schema: 'CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, name text NOT NULL, deleted_at timestamptz); CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint NOT NULL, is_deleted boolean NOT NULL);',
  embed: false,
  flagged: [
    { code: `${usual}SELECT name FROM users WHERE team_id = $1 OR id = 3;
--               ^^^^^ the others of the workspace leave them out`, severity: 'hint', fixes: 1, fixed: `${usual}SELECT name FROM users WHERE (team_id = $1 OR id = 3) AND deleted_at IS NULL;` },
    `${usual}SELECT u.name FROM users u JOIN posts p ON p.user_id = u.id;
--                 ^^^^^`,
    { code: `SELECT id FROM posts WHERE user_id = 1 AND NOT is_deleted;
SELECT id FROM posts WHERE user_id = 2 AND NOT is_deleted;
SELECT id FROM posts WHERE user_id = 3 AND NOT is_deleted;
SELECT count(*) FROM posts;
--                   ^^^^^`, fixed: `SELECT id FROM posts WHERE user_id = 1 AND NOT is_deleted;
SELECT id FROM posts WHERE user_id = 2 AND NOT is_deleted;
SELECT id FROM posts WHERE user_id = 3 AND NOT is_deleted;
SELECT count(*) FROM posts WHERE NOT is_deleted;` },
  ],
  clean: [
    // Nobody filters, or too few.
    'SELECT name FROM users WHERE team_id = $1',
    'SELECT name FROM users WHERE team_id = $1 AND deleted_at IS NULL; SELECT name FROM users',
    `${usual}SELECT name FROM users WHERE id = $1;`,
    `${usual}SELECT name, deleted_at FROM users WHERE team_id = $1;`,
    `${usual}SELECT name FROM users WHERE deleted_at IS NOT NULL;`,
    {
      // The library is told that deleted rows are wanted.
      language: 'typescript',
      code: `
import { DataTypes, Sequelize } from 'sequelize';
const sequelize = new Sequelize('postgres://localhost/shop');
const User = sequelize.define('User', { id: { type: DataTypes.BIGINT, primaryKey: true }, name: DataTypes.TEXT, team_id: DataTypes.BIGINT }, { tableName: 'users', underscored: true, paranoid: true });
export const one = (id: string) => User.findAll({ attributes: ['name'], where: { team_id: id } });
export const two = (id: string) => User.findAll({ attributes: ['id'], where: { team_id: id } });
export const three = (name: string) => User.findAll({ attributes: ['name'], where: { name } });
export const all = (id: string) => User.findAll({ attributes: ['id'], where: { team_id: id }, paranoid: false });`,
    },
    `${usual}SELECT * FROM users WHERE team_id = $1;`,
    `${usual}SELECT p.id FROM posts p JOIN users u ON u.id = p.user_id;`,
    `${usual}UPDATE users SET name = $1 WHERE team_id = $2;`,
  ],
});
