/** Functions, and words before a parenthesis, whose answer does not change within a statement; any other may have been written to change. */
const STEADY: ReadonlySet<string> = new Set('lower upper coalesce now current_timestamp current_date date_trunc length btrim trim abs round floor ceil nullif greatest least concat to_tsvector to_tsquery plainto_tsquery websearch_to_tsquery similarity date extract count sum min max avg bool_and bool_or every exists in any all and or not values select filter where using on'.split(' '));

/** Does every call in this text give the same answer when it is asked again? A quoted name before a parenthesis may be any function. */
export function isSteady(text: string): boolean {
  const bare = text.replace(/'(?:[^']|'')*'/g, "''");
  return !/"\s*\(/.test(bare) && [...bare.matchAll(/([a-z_][\w.]*)\s*\(/gi)].every((match) => STEADY.has((match[1] ?? '').toLowerCase()));
}
