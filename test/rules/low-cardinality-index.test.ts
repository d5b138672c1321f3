import { lowCardinalityIndex } from '../../server/src/core/rules/low-cardinality-index';
import { testRule } from '../support/ruleTester';
import { withStatistics } from '../support/statistics';
const path = 'db/migrations/0002_x.sql';
const figures = (frequencies: readonly number[], values: string) => withStatistics({ 'public.users': { rows: 2_000_000, pages: 20_000, columns: [{ column: 'active', averageWidth: 1, distinct: frequencies.length, mostCommonValues: values, mostCommonFrequencies: frequencies, correlation: 0.1 }] } });

testRule(lowCardinalityIndex, {
  schema: "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TYPE colour AS ENUM ('a', 'b', 'c', 'd'); CREATE TABLE users (id bigint PRIMARY KEY, active boolean, mood mood, colour colour, email text); CREATE TABLE tiny (active boolean);",
  settings: { assume: { tiny: 3 } }, path, embed: false,
  flagged: [
    { code: `
CREATE INDEX users_active ON users (active);
--                                 ^^^^^^^^ users.active has 2 values: this index serves at most the one that few rows have.`, severity: 'hint' },
    `
CREATE INDEX CONCURRENTLY m ON users USING btree (mood);
--                                               ^^^^^^ has 3 values`,
    { code: `
CREATE INDEX users_active ON users (active);
--                                 ^^^^^^^^ the planner reads the table rather than this index. users has about 2,000,000 rows (statistics). Its rarest common value stands in 40 % of them.`, catalog: figures([0.6, 0.4], '{t,f}'), severity: 'warning' },
  ],
  clean: [
    'CREATE INDEX i ON users (colour);', 'CREATE INDEX i ON users (email);', 'CREATE INDEX i ON users (active, email);', 'CREATE INDEX i ON users (active) WHERE active;', 'CREATE INDEX i ON tiny (active);', 'CREATE UNIQUE INDEX i ON users (active);',
    'CREATE INDEX i ON users (active); DROP INDEX i;',
    { code: 'CREATE INDEX users_active ON users (active);', catalog: figures([0.99, 0.01], '{t,f}') },
  ],
});
