import { argumentsOf, field, literalValue, parts, pathOf, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';

/** SQLAlchemy type names → what PostgreSQL's `format_type` prints. `(n)` and `(p,s)` are appended from the arguments. */
const types: Readonly<Record<string, string>> = {
  Integer: 'integer', INTEGER: 'integer', INT: 'integer', BigInteger: 'bigint', BIGINT: 'bigint', SmallInteger: 'smallint', SMALLINT: 'smallint',
  String: 'character varying', VARCHAR: 'character varying', Unicode: 'character varying', Text: 'text', TEXT: 'text', UnicodeText: 'text', CHAR: 'character',
  Boolean: 'boolean', BOOLEAN: 'boolean', Date: 'date', DATE: 'date', Time: 'time without time zone', TIME: 'time without time zone', Interval: 'interval', INTERVAL: 'interval',
  DateTime: 'timestamp without time zone', TIMESTAMP: 'timestamp without time zone', Float: 'double precision', FLOAT: 'double precision', Double: 'double precision', REAL: 'real',
  DOUBLE_PRECISION: 'double precision', Numeric: 'numeric', NUMERIC: 'numeric', DECIMAL: 'numeric', LargeBinary: 'bytea', BYTEA: 'bytea', UUID: 'uuid', Uuid: 'uuid', GUID: 'uuid',
  JSON: 'json', JSONB: 'jsonb', TSVECTOR: 'tsvector', TSVectorType: 'tsvector', INET: 'inet', CIDR: 'cidr', MACADDR: 'macaddr', HSTORE: 'hstore', MONEY: 'money', OID: 'oid', CITEXT: 'citext',
};

/** Python annotations of `Mapped[…]` and SQLModel fields. */
const annotations: Readonly<Record<string, string>> = {
  int: 'integer', str: 'character varying', bool: 'boolean', float: 'double precision', Decimal: 'numeric', bytes: 'bytea', 'uuid.UUID': 'uuid', UUID: 'uuid', UUID4: 'uuid',
  datetime: 'timestamp without time zone', 'datetime.datetime': 'timestamp without time zone', date: 'date', 'datetime.date': 'date', time: 'time without time zone', 'datetime.time': 'time without time zone',
  timedelta: 'interval', 'datetime.timedelta': 'interval', EmailStr: 'character varying',
};

/** The column type that a type expression (`String(20)`, `DateTime(timezone=True)`, `ARRAY(Text)`) makes; undefined for none that is known. */
export function columnType(node: SyntaxNode): string | undefined {
  const inner = unwrap(node);
  const callee = inner.type === 'call' ? field(inner, 'function') : inner;
  const name = callee && pathOf(callee)?.at(-1);
  if (!name) return undefined;
  const { positional, keyword } = inner.type === 'call' ? argumentsOf(inner) : { positional: [], keyword: new Map<string, SyntaxNode>() };
  const first = positional[0];
  if (name === 'ARRAY') {
    const element = first && columnType(first);
    return element === undefined ? undefined : `${element}[]`;
  }
  const base = Object.hasOwn(types, name) ? types[name] : undefined;
  if (!base) return undefined;
  const zoned = keyword.get('timezone') ?? (/^(DateTime|Time)$/.test(name) ? first : undefined);
  if (zoned && literalValue(zoned) === true) return base.replace('without', 'with');
  if (base === 'character varying' || base === 'character') {
    const length = literalValue(first ?? keyword.get('length') ?? inner);
    return typeof length === 'number' ? `${base}(${length})` : base;
  }
  if (base === 'numeric') {
    const precision = literalValue(first ?? keyword.get('precision') ?? inner);
    const scale = literalValue(positional[1] ?? keyword.get('scale') ?? inner);
    return typeof precision === 'number' ? `numeric(${precision},${typeof scale === 'number' ? scale : 0})` : base;
  }
  return base;
}

/** Type and nullability of an annotation: `Mapped[str | None]`, `Optional[int]`, `List["Item"]`. */
export function annotationType(text: string): { readonly name: string; readonly type?: string; readonly optional: boolean; readonly list: boolean } {
  let name = text.trim().replace(/^['"]|['"]$/g, '');
  let optional = false;
  let list = false;
  for (let hop = 0; hop < 6; hop++) {
    const mapped = /^(?:[\w.]+\.)?(Mapped|Optional|WriteOnlyMapped|DynamicMapped|Annotated|List|list|Set|set|Sequence|Collection)\[([^]*)\]$/.exec(name);
    if (mapped) {
      if (mapped[1] === 'Optional') optional = true;
      if (/^(List|list|Set|set|Sequence|Collection|WriteOnlyMapped|DynamicMapped)$/.test(mapped[1] ?? '')) list = true;
      name = (mapped[1] === 'Annotated' ? mapped[2]?.split(',')[0] : mapped[2])?.trim() ?? '';
    } else if (name.includes('|')) {
      const alternatives = name.split('|').map((part) => part.trim());
      optional ||= alternatives.includes('None');
      name = alternatives.find((part) => part !== 'None') ?? name;
    } else break;
    name = name.replace(/^['"]|['"]$/g, '').trim();
  }
  const type = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
  return { name, type: type && list ? `${type}[]` : type, optional, list };
}

/** The first argument of a column call that is a type. */
export function typeArgument(call: SyntaxNode): string | undefined {
  for (const argument of parts(field(call, 'arguments') ?? call)) {
    if (argument.type === 'keyword_argument') {
      const value = field(argument, 'name')?.text === 'type_' || field(argument, 'name')?.text === 'sa_type' ? field(argument, 'value') : undefined;
      const type = value && columnType(value);
      if (type) return type;
    } else {
      const type = columnType(argument);
      if (type) return type;
    }
  }
  return undefined;
}
