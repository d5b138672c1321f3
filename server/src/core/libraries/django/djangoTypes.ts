import type { DjangoField } from '../../hosts/migrationIr';

/** Column types of Django's PostgreSQL backend, without length. */
export const columnTypes: Readonly<Record<string, string>> = {
  AutoField: 'integer', BigAutoField: 'bigint', SmallAutoField: 'smallint', BinaryField: 'bytea', BooleanField: 'boolean', NullBooleanField: 'boolean', CharField: 'character varying',
  CommaSeparatedIntegerField: 'character varying', DateField: 'date', DateTimeField: 'timestamp with time zone', DecimalField: 'numeric', DurationField: 'interval', EmailField: 'character varying',
  FileField: 'character varying', ImageField: 'character varying', FilePathField: 'character varying', FloatField: 'double precision', IntegerField: 'integer', BigIntegerField: 'bigint',
  IPAddressField: 'inet', GenericIPAddressField: 'inet', JSONField: 'jsonb', PositiveBigIntegerField: 'bigint', PositiveIntegerField: 'integer', PositiveSmallIntegerField: 'smallint',
  SlugField: 'character varying', SmallIntegerField: 'smallint', TextField: 'text', TimeField: 'time without time zone', URLField: 'character varying', UUIDField: 'uuid', GeneratedField: 'unknown',
  ArrayField: 'unknown', HStoreField: 'hstore', CICharField: 'citext', CIEmailField: 'citext', CITextField: 'citext', IntegerRangeField: 'int4range', BigIntegerRangeField: 'int8range',
  DecimalRangeField: 'numrange', FloatRangeField: 'numrange', DateTimeRangeField: 'tstzrange', DateRangeField: 'daterange', SearchVectorField: 'tsvector',
};

export const relationFields: ReadonlySet<string> = new Set(['ForeignKey', 'OneToOneField', 'ManyToManyField']);
export const autoFields: ReadonlySet<string> = new Set(['AutoField', 'BigAutoField', 'SmallAutoField']);

/** `max_length` where it is not given. */
const lengths: Readonly<Record<string, number>> = { EmailField: 254, FileField: 100, ImageField: 100, FilePathField: 100, SlugField: 50, URLField: 200 };

/** The type of a field's column; a relation's is that of what it points to. */
export function fieldType(field: DjangoField): string {
  const base = Object.hasOwn(columnTypes, field.type) ? columnTypes[field.type] ?? 'unknown' : 'unknown';
  if (field.type === 'ArrayField') {
    const element = field.base === undefined ? 'unknown' : fieldType(field.base);
    return element === 'unknown' ? element : `${element}[]`;
  }
  if (base === 'numeric') return field.digits === undefined ? base : `numeric(${field.digits.join(',')})`;
  if (base !== 'character varying') return base;
  const length = field.length ?? lengths[field.type];
  return length === undefined ? base : `${base}(${length})`;
}
