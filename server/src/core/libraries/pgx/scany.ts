import { goPlaceholders } from '../goSql/goSql';
import { createDriver, hasQuestionMarks } from '../shared/driverCalls';

/** scany: `pgxscan.Select(ctx, pool, &users, "SELECT …", id)`. */
export const scanyAdapter = createDriver({
  id: 'pgx',
  languages: ['go'],
  marks: /georgysavva\/scany/,
  methods: { Select: { fetches: 'many' }, Get: { fetches: 'one' } },
  types: /scany/,
  names: /^(?:pgxscan|sqlscan|dbscan)$/,
  within: 4,
  placeholders: goPlaceholders,
  isOther: (text) => hasQuestionMarks(text.text),
});
