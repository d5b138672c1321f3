import { missingNextPartition } from '../../server/src/core/rules/missing-next-partition';
import { testRule, type RuleCase } from '../support/ruleTester';
import { asLive, onServer } from '../support/serverCatalog';

const parent = 'CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);';
const month = (from: string, to: string): string => `CREATE TABLE events_${from.replaceAll(/\W/g, '')} PARTITION OF events FOR VALUES FROM ('${from}') TO ('${to}');`;
const january = month('2026-01-01', '2026-02-01');
const at = (now: string, schema: string, live = true): Pick<RuleCase, 'schema' | 'settings' | 'path' | 'catalog'> => {
  const { settings, path } = onServer({ language: 'sql', code: '' }, { now });
  return { settings, path, schema, ...(live ? { catalog: (catalog) => asLive(catalog, []) } : {}) };
};
const flagged = `
CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
--           ^^^^^^`;

testRule(missingNextPartition, {
  embed: false,
  flagged: [
    { ...at('2026-01-20T00:00:00Z', january), code: flagged.replace('^^^^^^', '^^^^^^ The partitions of events end at 2026-02-01: later rows have none.'), severity: 'warning', creates: "CREATE TABLE events_2026_02_01_p PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');\n" },
    { ...at('2026-02-10T00:00:00Z', january), code: flagged, severity: 'error' },
    { ...at('2026-01-07T00:00:00Z', month('2026-01-05 00:00:00+00', '2026-01-12 00:00:00+00')), code: flagged, creates: "CREATE TABLE events_2026_01_12_p PARTITION OF events FOR VALUES FROM ('2026-01-12 00:00:00+00') TO ('2026-01-19 00:00:00+00');\n" },
    { ...at('2026-01-20T00:00:00Z', `${january} CREATE TABLE rest PARTITION OF events DEFAULT;`), code: flagged },
  ],
  clean: [
    { ...at('2026-01-20T00:00:00Z', `${january} ${month('2026-02-01', '2026-03-01')}`), code: parent },
    { ...at('2027-01-20T00:00:00Z', january), code: parent },
    { ...at('2026-01-20T00:00:00Z', january, false), code: parent },
    { ...at('2026-01-20T00:00:00Z', month('2026-01-01', '2026-02-01').replace("TO ('2026-02-01')", 'TO (MAXVALUE)')), code: parent },
    { ...at('2026-01-20T00:00:00Z', ''), code: parent },
  ],
});
