import type { Routine, ServerFacts, UserType } from '../core/catalog/statistics';
import { numberOf, textOf, textsOf } from './introspectRows';
import { distributionQuery, extensionsQuery, hasDistributionQuery, routinesQuery, typesQuery } from './queries/catalogObjects';
import type { Connection, Row } from './session';

type Print = (sql: string) => string;

/** @param server the row of `serverQuery` @param settings rows of `settingsQuery`, read before the session's own were changed */
export async function readServer(connection: Connection, server: Row, settings: readonly Row[]): Promise<ServerFacts> {
  const extensions = await connection.query(extensionsQuery);
  return {
    version: numberOf(server['version']) ?? 0,
    versionText: textOf(server['version_text']).split(' ')[0] ?? '',
    settings: Object.fromEntries(settings.map((row) => [textOf(row['name']), textOf(row['value'])])),
    extensions: extensions.map((row) => ({ name: textOf(row['name']), schema: textOf(row['schema']), version: textOf(row['version']) })),
  };
}

const typeKinds: Readonly<Record<string, UserType['kind']>> = { e: 'enum', d: 'domain', c: 'composite', r: 'range' };

/** Types of the application by schema and name; types inside them are written as the user would. */
export async function readTypes(connection: Connection, print: Print): Promise<readonly UserType[]> {
  return (await connection.query(typesQuery)).map((row): UserType => {
    const kind = typeKinds[textOf(row['kind'])] ?? 'composite';
    const types = textsOf(row['attribute_types']);
    return {
      schema: textOf(row['schema']), name: textOf(row['name']), kind,
      ...(kind === 'enum' ? { labels: textsOf(row['labels']) } : {}),
      ...(kind === 'domain' || kind === 'range' ? { base: print(textOf(row['base'])) } : {}),
      ...(kind === 'composite' ? { attributes: textsOf(row['attribute_names']).map((name, index) => ({ name, type: print(types[index] ?? '') })) } : {}),
    };
  });
}

const routineKinds: Readonly<Record<string, Routine['kind']>> = { f: 'function', p: 'procedure', a: 'aggregate', w: 'window' };
const volatilities: Readonly<Record<string, Routine['volatility']>> = { i: 'immutable', s: 'stable', v: 'volatile' };
const parallels: Readonly<Record<string, Routine['parallel']>> = { s: 'safe', r: 'restricted', u: 'unsafe' };

/** Functions of the application by schema, name and arguments. A definition is as the server prints it, names qualified. */
export async function readRoutines(connection: Connection, print: Print): Promise<readonly Routine[]> {
  return (await connection.query(routinesQuery)).map((row): Routine => ({
    schema: textOf(row['schema']), name: textOf(row['name']), arguments: print(textOf(row['arguments'])), returns: print(textOf(row['returns'])),
    kind: routineKinds[textOf(row['kind'])] ?? 'function',
    volatility: volatilities[textOf(row['volatility'])] ?? 'volatile',
    parallel: parallels[textOf(row['parallel'])] ?? 'unsafe',
    strict: row['strict'] === true, language: textOf(row['language']), cost: numberOf(row['cost']) ?? 1, rows: numberOf(row['rows']) ?? 0,
    ...(typeof row['definition'] === 'string' ? { definition: row['definition'] } : {}),
  }));
}

/** Citus: distribution columns by the OID of their table; empty on any other server. */
export async function readDistribution(connection: Connection): Promise<ReadonlyMap<string, string>> {
  const [citus] = await connection.query(hasDistributionQuery);
  if (citus?.['found'] !== true) return new Map();
  return new Map((await connection.query(distributionQuery)).map((row) => [textOf(row['relation']), textOf(row['column'])]));
}
