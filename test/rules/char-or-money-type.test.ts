import { charOrMoneyType } from '../../server/src/core/rules/char-or-money-type';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';

testRule(charOrMoneyType, {
  path, embed: false,
  flagged: [{ code: `
CREATE TABLE orders (code char(2) PRIMARY KEY, flag character, tags bpchar(3)[], total money DEFAULT 0);
--                        ^^^^^^^ orders.code is filled up with blanks
--                                                                  ^^^^^^^^^^^
--                                                                                     ^^^^^ the server's locale`, fixed: `
CREATE TABLE orders (code varchar(2) PRIMARY KEY, flag character, tags bpchar(3)[], total money DEFAULT 0);` }],
  clean: ["CREATE TABLE schema_version (lock char(1) NOT NULL DEFAULT 'X' UNIQUE, kind character);", 'CREATE TABLE orders (code varchar(2), state "char", total numeric, name text);'],
});
