const mirrored: Readonly<Record<string, string>> = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=', '@>': '<@', '<@': '@>', '&&': '&&' };

/** The operator of a comparison that is read from its right side; undefined for operators that have no mirror. */
export const mirrorOperator = (operator: string): string | undefined => (Object.hasOwn(mirrored, operator) ? mirrored[operator] : undefined);
