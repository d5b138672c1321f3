import { invalidIndex } from '../../server/src/core/rules/invalid-index';
import { testRule } from '../support/ruleTester';
import { onServer } from '../support/serverCatalog';

const schema = 'CREATE TABLE orders (id bigint PRIMARY KEY, a int);';

testRule(invalidIndex, {
  schema, embed: false,
  flagged: [{ ...onServer({ language: 'sql', code: '' }, { invalid: ['orders_a'] }), schema, code: `
CREATE INDEX CONCURRENTLY orders_a ON orders (a);
--                        ^^^^^^^^ orders_a is invalid in production`, severity: 'warning', later: 1, creates: 'DROP INDEX CONCURRENTLY orders_a;\n' }],
  clean: [
    { ...onServer({ language: 'sql', code: '' }, {}), schema, code: 'CREATE INDEX CONCURRENTLY orders_a ON orders (a);' },
    'CREATE INDEX CONCURRENTLY orders_a ON orders (a);',
  ],
});
