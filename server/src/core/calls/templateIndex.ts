import { indexModels, type ModelIndex } from '../hosts/models';
import type { HostFile, ModelIr, RelationIr } from '../hosts/ir';
import type { RenderIr, SerializerIr, TemplateNode } from '../hosts/templateIr';
import type { FlowGraph } from './flow';
import { createVersioned } from './versioned';

/** The templates and serializers of a workspace, who fills them, and which take in which. */
export interface TemplateIndex {
  readonly models: ModelIndex;
  /** The template that a name means where it stands in a document; undefined where none does, or several. */
  find(name: string, from: string): HostFile | undefined;
  /** Places in application code whose template takes in this one, or is it. */
  rendersOf(uri: string): readonly Render[];
  /** The serializer that a name means there. */
  serializer(name: string, from: string): FoundSerializer | undefined;
  /** The one type of GraphQL for a model's rows. */
  graphType(model: string, from: string): FoundSerializer | undefined;
  /** An extension of some schema loads along what a client asks for. */
  readonly optimised: boolean;
  /** Application code that shows rows with serializers. */
  readonly shows: readonly HostFile[];
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

export interface FoundSerializer {
  readonly file: HostFile;
  readonly serializer: SerializerIr;
}

const indexes = createVersioned<'index', TemplateIndex>();
const partsOf = new WeakMap<FlowGraph, Parts>();

/** Another one after each change of a file; its parts are made when they are asked for, and stay where the change does not concern them. */
export function templateIndex(flow: FlowGraph): TemplateIndex {
  const known = indexes(flow).get('index');
  if (known) return known;
  let parts = partsOf.get(flow);
  if (!parts) partsOf.set(flow, (parts = createParts()));
  const index = assemble(flow, parts);
  indexes(flow).set('index', index);
  return index;
}

/** Methods of views that decide which rows a list has, and with what it shows them. */
const CHOOSING = /^(get_queryset|filter_queryset|paginate_queryset|list|get_serializer|get_serializer_class|get_context_data|get_template_names|get_object)$/;

/**
 * What is told by some of the files (and by another part): made again when one of them tells something else.
 * @param tells what of a file matters, compared by `===`; undefined: nothing
 */
function createPart<T, Base = undefined>(tells: (file: HostFile) => unknown, build: (files: readonly HostFile[], base: Base) => T): (files: readonly HostFile[], base: Base) => T {
  let known: { readonly told: readonly unknown[]; readonly base: Base; readonly value: T } | undefined;
  return (files, base) => {
    const concerned: HostFile[] = [];
    const told: unknown[] = [];
    for (const file of files) {
      const one = tells(file);
      if (one === undefined) continue;
      concerned.push(file);
      told.push(one);
    }
    if (known && known.base === base && known.told.length === told.length && told.every((one, at) => one === known?.told[at])) return known.value;
    known = { told, base, value: build(concerned, base) };
    return known.value;
  };
}

/** Once per version of a file. */
function perFile<T>(read: (file: HostFile) => T): (file: HostFile) => T {
  const known = new WeakMap<HostFile, { readonly value: T }>();
  return (file) => {
    let entry = known.get(file);
    if (!entry) known.set(file, (entry = { value: read(file) }));
    return entry.value;
  };
}

/** Uri of a template by its name where that stands. */
type FindTemplate = (name: string, from: string) => string | undefined;
type Parts = ReturnType<typeof createParts>;

/** What a name's holders are, in the order of the files. */
function addTo<T>(map: Map<string, T[]>, name: string, item: T): void {
  const list = map.get(name);
  if (list) list.push(item);
  else map.set(name, [item]);
}

/** The nearest to a document; undefined where two are as near. */
function nearest<T>(found: readonly T[], from: string, uriOf: (item: T) => string): T | undefined {
  if (found.length < 2) return found[0];
  const near = found.map((item) => ({ item, shared: sharedFolders(uriOf(item), from) })).sort((a, b) => b.shared - a.shared);
  return near[0]!.shared > near[1]!.shared ? near[0]!.item : undefined;
}

function createParts() {
  const includes = perFile(takenIn);
  const told = perFile((file) => [file.uri, ...includes(file)].join('\n'));
  const views = perFile((file) => file.classes.map((cls) => ({ name: cls.name, chooses: cls.methods.some((id) => CHOOSING.test(file.functions[id]?.name ?? '')), bases: cls.bases.map((name) => name.replace(/\[[^]*$/, '').split('.').at(-1) ?? '') })));
  const toldViews = perFile((file) => JSON.stringify(views(file)));
  return {
    names: createPart((file) => file.template && file.uri, (files): FindTemplate => {
      const byName = new Map<string, string[]>();
      for (const { uri } of files) {
        const parts = uri.split('/');
        const roots = parts.flatMap((part, at) => (/^(templates?|jinja2?|views)$/.test(part) && at < parts.length - 1 ? [at] : []));
        for (const root of roots) addTo(byName, withoutEnding(parts.slice(root + 1).join('/')), uri);
        if (roots.length === 0) for (let from = Math.max(1, parts.length - 4); from < parts.length; from++) addTo(byName, parts.slice(from).join('/'), uri);
      }
      return (name, from) => nearest(byName.get(decodeName(name, from)) ?? [], from, (uri) => uri);
    }),
    parents: createPart((file) => file.template && told(file), (files, find: FindTemplate) => {
      const parents = new Map<string, Set<string>>();
      for (const file of files) {
        for (const name of includes(file)) {
          const target = find(name, file.uri);
          if (target === undefined) continue;
          const known = parents.get(target);
          if (known) known.add(file.uri);
          else parents.set(target, new Set([file.uri]));
        }
      }
      return parents;
    }),
    renders: createPart((file) => ((file.role === 'application' || file.role === 'script') && file.renders ? file : undefined), (files, find: FindTemplate) => {
      const renders = new Map<string, Omit<Render, 'template'>[]>();
      for (const file of files) {
        for (const render of file.renders ?? []) {
          for (const name of render.templates) {
            const template = find(name, file.uri);
            if (template !== undefined) addTo(renders, template, { file, render });
          }
        }
      }
      return renders;
    }),
    models: createPart((file) => (file.models.length > 0 ? file : undefined), (files) => {
      const backrefs = new Map<string, { readonly owner: ModelIr; readonly relation: RelationIr }[]>();
      for (const file of files) for (const owner of file.models) for (const relation of owner.relations) if (relation.backref) addTo(backrefs, relation.backref.property, { owner, relation });
      return { models: indexModels(files.flatMap((file) => file.models)), backrefs };
    }),
    views: createPart((file) => (file.language === 'python' && file.classes.length > 0 ? toldViews(file) : undefined), (files) => {
      const byName = new Map<string, ReturnType<typeof views>>();
      for (const file of files) for (const view of views(file)) addTo(byName, view.name, view);
      return byName;
    }),
    optimised: createPart((file) => (file.imports.some(({ imported }) => imported === 'DjangoOptimizerExtension') ? file.uri : undefined), (files) => [...files].length > 0),
    serializers: createPart((file) => (file.serializers && file.serializers.length > 0 ? file : undefined), (files) => {
      const byName = new Map<string, FoundSerializer[]>();
      for (const file of files) for (const serializer of file.serializers ?? []) addTo(byName, serializer.name, { file, serializer });
      return byName;
    }),
  };
}

/** Made when it is first asked for. */
function lazy<T>(make: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => (known ??= { value: make() }).value;
}

function assemble(flow: FlowGraph, parts: Parts): TemplateIndex {
  const files = [...flow.files()];
  const names = lazy(() => parts.names(files, undefined));
  const parents = lazy(() => parts.parents(files, names()));
  const renders = lazy(() => parts.renders(files, names()));
  const declared = lazy(() => parts.models(files, undefined));
  const views = lazy(() => parts.views(files, undefined));
  const serializers = lazy(() => parts.serializers(files, undefined));
  const optimised = lazy(() => parts.optimised(files, undefined));
  const graphTypes = lazy(() => {
    const byModel = new Map<string, FoundSerializer[]>();
    for (const list of serializers().values()) for (const found of list) if (found.serializer.graph) addTo(byModel, found.serializer.graph.model, found);
    return byModel;
  });
  const shows = lazy(() => files.filter((file) => file.role === 'application' && file.serializerUses));
  return {
    get models() { return declared().models; },
    get shows() { return shows(); },
    find(name, from) {
      const uri = names()(name, from);
      return uri === undefined ? undefined : flow.file(uri);
    },
    rendersOf(uri) {
      const seen = new Set<string>([uri]);
      for (const one of seen) for (const parent of parents().get(one) ?? []) seen.add(parent);
      return [...seen].flatMap((one) => {
        const template = flow.file(one);
        return template ? (renders().get(one) ?? []).map((render) => ({ ...render, template })) : [];
      });
    },
    get optimised() { return optimised(); },
    graphType: (model, from) => nearest(graphTypes().get(model) ?? [], from, ({ file }) => file.uri),
    serializer(name, from) {
      const found = serializers().get(name) ?? [];
      return found.find(({ file }) => file.uri === from) ?? nearest(found, from, ({ file }) => file.uri);
    },
    choosesRows(bases) {
      const seen = new Set(bases);
      for (const name of seen) {
        for (const view of views().get(name) ?? []) {
          if (view.chooses) return true;
          for (const base of view.bases) seen.add(base);
        }
      }
      return false;
    },
    relation(model, property) {
      const own = model.relations.find((relation) => relation.property === property);
      if (own) return own;
      const others = declared().backrefs.get(property)?.filter(({ owner, relation }) => relation.model === model.name && owner.library === model.library) ?? [];
      const [only] = others;
      if (others.length !== 1 || !only?.relation.backref) return undefined;
      const { backref, columns, references } = only.relation;
      return { property, model: only.owner.name, many: backref.many ?? !only.relation.many, columns: references, references: columns, eager: backref.eager, ...(backref.loading ? { loading: backref.loading } : {}) };
    },
  };
}

/** Rails and Laravel name a template without its endings. */
const withoutEnding = (name: string): string => name.replace(/(?:\.\w+)*\.erb$|\.blade\.php$/i, '');

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
function sharedFolders(a: string, b: string): number {
  const [left, right] = [a.split('/').slice(0, -1), b.split('/').slice(0, -1)];
  let count = 0;
  while (count < left.length && left[count] === right[count]) count++;
  return count;
}

function takenIn({ template }: HostFile): readonly string[] {
  const visit = (nodes: readonly TemplateNode[]): readonly string[] => nodes.flatMap((node): readonly string[] => (node.kind === 'include' ? node.templates : node.kind === 'import' ? [node.template] : 'body' in node ? visit(node.body) : []));
  return template ? [...(template.extends === undefined ? [] : [template.extends]), ...visit(template.nodes)] : [];
}
