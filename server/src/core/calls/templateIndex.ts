import { indexModels, type ModelIndex } from '../hosts/models';
import type { HostFile, ModelIr, RelationIr } from '../hosts/ir';
import type { RenderIr, TemplateNode } from '../hosts/templateIr';
import type { FlowGraph } from './flow';

/** The templates of a workspace, who fills them, and which take in which. */
export interface TemplateIndex {
  readonly models: ModelIndex;
  /** The template that a name means where it stands in a document; undefined where none does, or several. */
  find(name: string, from: string): HostFile | undefined;
  /** Places in application code whose template takes in this one, or is it. */
  rendersOf(uri: string): readonly Render[];
  /** Does a class of the workspace, with one of these names or behind one, choose the rows or how they are shown? */
  choosesRows(bases: readonly string[]): boolean;
  /** Relation by its name, those that other models declare too. */
  relation(model: ModelIr, property: string): RelationIr | undefined;
}

export interface Render {
  readonly file: HostFile;
  readonly render: RenderIr;
  readonly template: HostFile;
}

const kept = new WeakMap<FlowGraph, { readonly files: readonly HostFile[]; readonly index: TemplateIndex }>();

/** Made again when a file of the workspace has changed. Cost: one look at every file; reading templates costs where one is asked for. */
export function templateIndex(flow: FlowGraph): TemplateIndex {
  const files = [...flow.files()];
  const known = kept.get(flow);
  if (known && known.files.length === files.length && known.files.every((file, at) => file === files[at])) return known.index;
  const index = build(files);
  kept.set(flow, { files, index });
  return index;
}

/** Methods of views that decide which rows a list has, and with what it shows them. */
const CHOOSING = /^(get_queryset|filter_queryset|paginate_queryset|list|get_serializer|get_serializer_class|get_context_data|get_template_names|get_object)$/;

function build(files: readonly HostFile[]): TemplateIndex {
  const templates = files.filter((file) => file.template !== undefined);
  const byName = new Map<string, HostFile[]>();
  const add = (name: string, file: HostFile): void => {
    const list = byName.get(name);
    if (list) list.push(file);
    else byName.set(name, [file]);
  };
  for (const file of templates) {
    const parts = file.uri.split('/');
    const roots = parts.flatMap((part, at) => (/^(templates?|jinja2?|views)$/.test(part) && at < parts.length - 1 ? [at] : []));
    for (const root of roots) add(parts.slice(root + 1).join('/'), file);
    if (roots.length === 0) for (let from = Math.max(1, parts.length - 4); from < parts.length; from++) add(parts.slice(from).join('/'), file);
  }
  const find = (name: string, from: string): HostFile | undefined => {
    const found = byName.get(decodeName(name, from)) ?? [];
    if (found.length < 2) return found[0];
    const near = found.map((file) => ({ file, shared: sharedFolders(file.uri, from) })).sort((a, b) => b.shared - a.shared);
    return near[0]!.shared > near[1]!.shared ? near[0]!.file : undefined;
  };
  const parents = new Map<string, Set<string>>();
  for (const file of templates) {
    for (const name of takenIn(file)) {
      const target = find(name, file.uri);
      if (target) parents.set(target.uri, (parents.get(target.uri) ?? new Set()).add(file.uri));
    }
  }
  const renders = new Map<string, Render[]>();
  for (const file of files) {
    if (file.role !== 'application' && file.role !== 'script') continue;
    for (const render of file.renders ?? []) {
      for (const name of render.templates) {
        const template = find(name, file.uri);
        if (template) renders.set(template.uri, [...(renders.get(template.uri) ?? []), { file, render, template }]);
      }
    }
  }
  const models = indexModels(files.flatMap((file) => file.models));
  const backrefs = new Map<string, { readonly owner: ModelIr; readonly relation: RelationIr }[]>();
  for (const file of files) for (const owner of file.models) for (const relation of owner.relations) if (relation.backref) backrefs.set(relation.backref.property, [...(backrefs.get(relation.backref.property) ?? []), { owner, relation }]);
  const classes = new Map<string, { readonly file: HostFile; readonly cls: HostFile['classes'][number] }[]>();
  for (const file of files) if (file.language === 'python') for (const cls of file.classes) classes.set(cls.name, [...(classes.get(cls.name) ?? []), { file, cls }]);
  const choosesRows = (bases: readonly string[], depth = 0): boolean => depth < 6 && bases.some((base) => (classes.get(base) ?? []).some(({ file, cls }) => cls.methods.some((id) => CHOOSING.test(file.functions[id]?.name ?? '')) || choosesRows(cls.bases.map((name) => name.replace(/\[[^]*$/, '').split('.').at(-1) ?? ''), depth + 1)));
  return {
    models, find, choosesRows: (bases) => choosesRows(bases),
    rendersOf(uri) {
      const seen = new Set<string>([uri]);
      for (const one of seen) for (const parent of parents.get(one) ?? []) seen.add(parent);
      return [...seen].flatMap((one) => renders.get(one) ?? []);
    },
    relation(model, property) {
      const own = model.relations.find((relation) => relation.property === property);
      if (own) return own;
      const declared = backrefs.get(property)?.filter(({ owner, relation }) => relation.model === model.name && owner.library === model.library) ?? [];
      const [only] = declared;
      if (declared.length !== 1 || !only?.relation.backref) return undefined;
      const { backref, columns, references } = only.relation;
      return { property, model: only.owner.name, many: backref.many ?? !only.relation.many, columns: references, references: columns, eager: backref.eager, ...(backref.loading ? { loading: backref.loading } : {}) };
    },
  };
}

/** `./row.html` and `../row.html` of Django stand beside the template that names them. */
function decodeName(name: string, from: string): string {
  if (!name.startsWith('.')) return name.replace(/^\//, '');
  const parts = from.split('/').slice(0, -1);
  const root = parts.findLastIndex((part) => /^(templates?|jinja2?|views)$/.test(part));
  const path = parts.slice(root + 1);
  for (const part of name.split('/')) {
    if (part === '..') path.pop();
    else if (part !== '.') path.push(part);
  }
  return path.join('/');
}

/** How many folders two documents have in common. */
export function sharedFolders(a: string, b: string): number {
  const [left, right] = [a.split('/').slice(0, -1), b.split('/').slice(0, -1)];
  let count = 0;
  while (count < left.length && left[count] === right[count]) count++;
  return count;
}

function takenIn({ template }: HostFile): readonly string[] {
  const visit = (nodes: readonly TemplateNode[]): readonly string[] => nodes.flatMap((node): readonly string[] => (node.kind === 'include' ? node.templates : node.kind === 'import' ? [node.template] : 'body' in node ? visit(node.body) : []));
  return template ? [...(template.extends === undefined ? [] : [template.extends]), ...visit(template.nodes)] : [];
}
