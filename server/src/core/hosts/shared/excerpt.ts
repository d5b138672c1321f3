import type { HostFile, ModelIr } from '../ir';
import type { SyntaxNode, SyntaxTree } from '../syntax';
import { mergeReadings, placeFacts, type FactKind, type Ordinals } from './excerptMerge';
import { moved, Tangled } from './moved';
import { listParts, PartTexts, planExcerpt, type ExcerptPlan, type PartLanguage, type PartsReading } from './parts';

/** Kept with an open document; its reader leaves the last reading there. */
export interface ReadingMemory {
  last?: ExcerptReading;
  /** The last reading took over facts of the one before. */
  partial: boolean;
  texts?: PartTexts;
  /** What statements show to other files, by their text. */
  slices?: ReadonlyMap<string, string | undefined>;
}

/** What a reader gives beside the file: where facts stand that do not say so themselves. UTF-16 offsets. */
export interface PlacedReading {
  readonly file: HostFile;
  /** Of each of `file.imports`, and of `file.serializers`. */
  readonly imports: readonly number[];
  readonly serializers?: readonly number[];
  /** Nodes that build a query which is not sent, or not surely, there. */
  readonly builders: readonly number[];
  /** Classes whose own facts hang on all their methods. */
  readonly tied: readonly number[];
}

/** A reading that later ones are built on. */
export interface ExcerptReading extends PartsReading {
  readonly key: string;
  readonly file: HostFile;
  readonly ordinals: Readonly<Record<FactKind, Ordinals>>;
}

/** Of a file of which an excerpt is read: what the reading before says of the rest. */
export interface Surroundings {
  readonly file: HostFile;
  /** Models that are not read again, at their new places. */
  readonly models: readonly ModelIr[];
  /** Is what stands at an offset read again? */
  isAffected(offset: number): boolean;
}

export interface ExcerptRequest {
  readonly language: PartLanguage;
  readonly tree: SyntaxTree;
  readonly text: string;
  /** What must be as it was for a reading to build on the last one; undefined: this file is always read whole. */
  readonly key: string | undefined;
  readonly memory: ReadingMemory | undefined;
  /** @param around given with an excerpt */
  read(root: SyntaxNode, around?: Surroundings): PlacedReading;
}

/** The facts of a file: of all of it, or, after an edit in one function, of what the edit may have changed, put into the facts before. */
export function readByExcerpt({ language, tree, text, key, memory, read }: ExcerptRequest): HostFile {
  if (!memory) return read(tree.root).file;
  const last = key !== undefined && memory.last?.key === key ? memory.last : undefined;
  Object.assign(memory, { last: undefined, partial: false });
  const texts = (memory.texts ??= new PartTexts(language));
  const plan = last && planExcerpt(last, language, tree.root, text, tree.changed, texts);
  if (last && typeof plan === 'object') {
    try {
      const reading = build(last, plan, text, tree, read);
      Object.assign(memory, { last: reading, partial: true });
      return reading.file;
    } catch (error) {
      if (!(error instanceof Tangled)) throw error;
    }
  }
  const placed = read(tree.root);
  if (key !== undefined && placed.file.migration === undefined) {
    const parts = listParts(language, tree.root, texts);
    texts.tidy(parts.length);
    const central = last?.parts.length === parts.length ? last.central : [];
    const { ordinals, partAt, classes } = placeFacts(placed, parts);
    // A class that stands nowhere but with its first method is named by it.
    const named = parts.map((part, index) => (part.kind === 'function' && classes.has(index) ? { ...part, names: [...part.names, ...(classes.get(index) ?? [])] } : part));
    memory.last = { key, text, file: placed.file, parts: named, central: new Set(typeof plan === 'number' ? [...central, plan] : central), ordinals, words: parts.map(() => undefined), builders: new Set(placed.builders.flatMap(partAt)), tied: new Set(placed.tied.flatMap(partAt)) };
  }
  return placed.file;
}

function build(last: ExcerptReading, plan: ExcerptPlan, text: string, tree: SyntaxTree, read: ExcerptRequest['read']): ExcerptReading {
  return mergeReadings(last, plan, text, (isAffected) => {
    const models = last.file.models.flatMap((model) => (isAffected(plan.offset(model.span.start)) ? [] : [moved(model, undefined, { from: plan.from, offset: (old) => plan.offset(old), id: () => { throw new Tangled('a model names no fact'); } })]));
    return plan.affected.size === 0 ? undefined : read(tree.excerpt(plan.omitted), { file: last.file, models, isAffected });
  });
}
