import { createDriver } from '../shared/driverCalls';
import { placeholderStyle } from '../shared/sqlText';

/** SQL text given to gorm: `db.Raw("… ?", id).Scan(&rows)`, `db.Exec("… @id", …)`. gorm writes `$1` for each `?`. */
export const gormSqlAdapter = createDriver({
  id: 'gorm',
  languages: ['go'],
  marks: /gorm\.io\/gorm|\bgorm\.DB\b/,
  methods: { Raw: { fetches: 'many' }, Exec: { fetches: 'none' } },
  types: /\bgorm\.(?:DB|Open)\b/,
  otherTypes: /\bsql\.|sqlx|pgx/,
  names: /^(?:\w*(?:db|DB|Db)|tx|Tx)$/,
  within: 1,
  through: /^(?:WithContext|Session|Debug|Begin|Unscoped|Clauses|Scopes|Table|Model)$/,
  placeholders: (text) => { const style = placeholderStyle(text); return style === 'at' || style === 'dollar' ? style : 'question'; },
});
