/** `CREATE INDEX …` of pg_get_indexdef so that it can run beside the application: with CONCURRENTLY where that is possible. */
export const renderIndexWork = (definition: string): string =>
  `${/ ON ONLY /.test(definition) ? definition.replace(' ON ONLY ', ' ON ') : definition.replace(/^CREATE (UNIQUE )?INDEX /, (_, unique: string | undefined) => `CREATE ${unique ?? ''}INDEX CONCURRENTLY `)};`;
