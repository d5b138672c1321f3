/** An SQL file of exactly this many lines. */
export function generateSql(lines: number, seed?: number): string;
/** A TypeScript file of exactly this many lines: one function with one query each. */
export function generateTypeScript(lines: number, seed?: number): string;
