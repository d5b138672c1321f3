import type { WorkspaceModules } from '../core/hosts/surface';
import { ASIDE, ASIDE_STRIDE } from '../core/hosts/surface';
import type { HostLanguage, SyntaxNode, SyntaxParser } from '../core/hosts/syntax';
import { languageOf, toPath } from './paths';
import type { ModuleTexts } from './engine';

/** Surfaces parsed once per version, however many files import from them. */
export interface Aside {
  /** @param language of the file that is read: it looks only into files of its own family. */
  modules(texts: ModuleTexts, language: HostLanguage): WorkspaceModules;
}

/** Nodes take many times the memory of the text; beyond this they are parsed again. */
const KEPT = 200;

export function createAside(syntax: SyntaxParser): Aside {
  const parsed = new Map<string, { readonly text: string; readonly root: SyntaxNode }>();
  let count = 0;

  const rootOf = (uri: string, text: string, language: HostLanguage): SyntaxNode => {
    const known = parsed.get(uri);
    parsed.delete(uri);
    if (known?.text === text) {
      // What nobody has asked for longest goes first: some modules are imported by most files.
      parsed.set(uri, known);
      return known.root;
    }
    const [oldest] = parsed.size >= KEPT ? parsed.keys() : [];
    if (oldest !== undefined) parsed.delete(oldest);
    const root = syntax.parseAside(language, text, ASIDE + (count++ % 2 ** 20) * ASIDE_STRIDE);
    parsed.set(uri, { text, root });
    return root;
  };

  return {
    modules: (texts, reading) => ({
      resolve: texts.resolve,
      surface(uri) {
        const language = languageOf(toPath(uri) ?? uri);
        if (language === undefined || language === 'sql' || language === 'prisma' || language === 'template' || (language === 'python') !== (reading === 'python')) return undefined;
        const text = texts.surface(uri);
        return text === undefined ? undefined : rootOf(uri, text, language);
      },
    }),
  };
}
