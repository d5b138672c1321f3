import { blockKey, normalized, sharedFolders, type SharedIndex } from '../common/shared';

/** The SQL files of the workspace as code that loads them asks for them; it notes what was asked. */
export interface SqlTexts {
  readonly asks: ReadonlySet<string>;
  /**
   * The one statement of a file.
   * @param path as written, `/`-separated @param exact from the folder of the asking file; else from some folder that is not known
   */
  file(path: string, exact: boolean): string | undefined;
  /**
   * The statement below a title (`-- name: getUser`, `@name getUser`), however it is spelled (`get_user`).
   * @param places words of the path that the loader was given: they tell blocks of one name apart
   */
  block(name: string, places: readonly string[]): NamedBlock | undefined;
}

export interface NamedBlock {
  readonly text: string;
  /** Sign behind the name: `^` one row, `$` one value, `!` a write. */
  readonly sign: string;
}

export function createSqlTexts(index: SharedIndex, from: string): SqlTexts {
  const asks = new Set<string>();
  const folder = from.slice(0, from.lastIndexOf('/'));
  const nearest = (found: readonly { readonly uri: string; readonly item: { readonly parts: readonly unknown[]; readonly owner?: string } }[]) => {
    const ranked = found.map((entry) => ({ entry, rank: sharedFolders(entry.uri, from) })).sort((a, b) => b.rank - a.rank);
    const best = ranked.filter(({ rank }) => rank === ranked[0]?.rank).map(({ entry }) => entry);
    return best.every((entry) => entry.item.parts[0] === best[0]?.item.parts[0]) ? best[0] : undefined;
  };
  const textIn = (entry: ReturnType<typeof nearest>): string | undefined => { const [text] = entry?.item.parts ?? []; return typeof text === 'string' ? text : undefined; };
  return {
    asks,
    file(path, exact) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      asks.add(name);
      const all = index.texts.get(`sql ${name}`) ?? [];
      const wanted = exact ? normalized(`${folder}/${path}`) : undefined;
      const tail = `/${path.replace(/^(?:\.{0,2}\/)+/, '')}`;
      return textIn(all.find((entry) => entry.uri === wanted) ?? nearest(all.filter((entry) => entry.uri.endsWith(tail))))?.replace(/;\s*$/, '');
    },
    block(name, places) {
      const key = blockKey(name);
      asks.add(key);
      const all = index.texts.get(`sql ${key}`) ?? [];
      const told = all.filter((entry) => places.some((place) => entry.uri.includes(`/${place}`)));
      const found = nearest(told.length > 0 ? told : all);
      const text = textIn(found);
      return text === undefined ? undefined : { text, sign: found?.item.owner ?? '' };
    },
  };
}
