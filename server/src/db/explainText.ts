/** An SQL string literal; backslashes keep their meaning whatever `standard_conforming_strings` says. */
export const literal = (value: string | null): string => {
  if (value === null) return 'null';
  const doubled = value.replaceAll("'", "''");
  return value.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
};

/** An identifier in double quotes. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** EXPLAIN ANALYZE of a prepared statement. BUFFERS and VERBOSE are what the plan model needs. */
export const explainStatement = (name: string, values: string, timing: boolean): string =>
  `explain (analyze, buffers, verbose, settings, format json${timing ? '' : ', timing off'}) execute ${name}${values}`;
