/** An SQL file of exactly this many lines. */
export function generateSql(lines: number, seed?: number): string;
/** A TypeScript file of exactly this many lines: one function with one query each. */
export function generateTypeScript(lines: number, seed?: number): string;
/** The same in Python. */
export function generatePython(lines: number, seed?: number): string;
/** The same in Go, with methods. */
export function generateGo(lines: number, seed?: number): string;
