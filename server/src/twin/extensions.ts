/** Extensions that the embedded Postgres can load (`scripts/twin.mjs` packs them), with names by which a statement needs each. */
const loadable: Readonly<Record<string, { readonly needs?: readonly string[]; readonly names: RegExp }>> = {
  bloom: { names: /^bloom$/ },
  btree_gin: { names: /^(?!)/ },
  btree_gist: { names: /^gist_(?:int|text|uuid|timestamp|date|bool|float|numeric|inet|enum)\w*_ops$/ },
  citext: { names: /^citext$/ },
  cube: { names: /^(?:cube|gist_cube_ops)$|^cube_/ },
  dict_int: { names: /^dintdict_/ },
  earthdistance: { needs: ['cube'], names: /^(?:earth|ll_to_earth|earth_distance|earth_box|geo_distance)$/ },
  fuzzystrmatch: { names: /^(?:levenshtein|levenshtein_less_equal|soundex|difference|metaphone|dmetaphone|dmetaphone_alt|daitch_mokotoff)$/ },
  hstore: { names: /^(?:hstore|hstore_to_jsonb?|akeys|avals|skeys|svals|gin_hstore_ops|gist_hstore_ops)$/ },
  intarray: { names: /^(?:query_int|gin__int_ops|gist__int\w*_ops|icount|uniq|intset)$/ },
  isn: { names: /^(?:ean13|isbn13|ismn13|issn13|isbn|ismn|issn|upc)$/ },
  ltree: { names: /^(?:ltree|lquery|ltxtquery|gist_ltree_ops|nlevel|subltree|subpath|lca|text2ltree|ltree2text)$/ },
  pg_trgm: { names: /^(?:gin_trgm_ops|gist_trgm_ops|similarity|word_similarity|strict_word_similarity|show_trgm|set_limit|show_limit)$/ },
  pgcrypto: { names: /^(?:digest|hmac|crypt|gen_salt|gen_random_bytes|armor|dearmor|encrypt|decrypt|pgp_\w+)$/ },
  seg: { names: /^(?:seg|gist_seg_ops)$/ },
  tablefunc: { names: /^(?:crosstab\w*|normal_rand|connectby)$/ },
  unaccent: { names: /^unaccent$/ },
  'uuid-ossp': { names: /^uuid_(?:generate_v[1345]\w*|nil|ns_\w+)$/ },
};

/** Can the embedded Postgres load it? */
export const isLoadable = (extension: string): boolean => Object.hasOwn(loadable, extension);

/** The extension with its requirements, in the order in which they are made. */
export const withRequirements = (extension: string): readonly string[] => [...(loadable[extension]?.needs ?? []), extension];

/** The extensions that bring a type, function or operator class of this name. */
export const extensionsFor = (name: string): readonly string[] => Object.entries(loadable).flatMap(([extension, { names }]) => (names.test(name) ? [extension] : []));

/** The extensions that bring what a message of Postgres says is missing: `function similarity(text, unknown) does not exist`. */
export function extensionsMissing(message: string): readonly string[] {
  if (/operator does not exist: \S+(?: \S+)* (?:%|%>|<%|%>>|<<%|<->|<<->|<->>) /.test(message)) return ['pg_trgm'];
  return [...message.matchAll(/[a-z_]\w*/gi)].flatMap(([name]) => extensionsFor(name.toLowerCase()));
}
