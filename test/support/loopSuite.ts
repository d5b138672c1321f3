import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createFlowGraph } from '../../server/src/core/calls/graph';
import type { HostFile } from '../../server/src/core/hosts/ir';
import { indexModels } from '../../server/src/core/hosts/models';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import { lintFile } from '../../server/src/core/lint/linter';
import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { writeInLoop } from '../../server/src/core/rules/write-in-loop';
import { createLineIndex } from '../../server/src/core/text/lineIndex';
import { createEngine, type Engine } from '../../server/src/workspace/engine';
import { createModuleResolver } from '../../server/src/workspace/modules';
import { languageOf, toUri } from '../../server/src/workspace/paths';

/** One labelled case: its files by path; the marks stand in their text. */
export interface LoopCase {
  /** `positive/pg.md: Saving the lines of an invoice`. */
  readonly name: string;
  /** Loop form, reach, read or write; empty for innocents. */
  readonly tags: readonly string[];
  readonly innocent: boolean;
  readonly files: Readonly<Record<string, string>>;
}

export interface CaseOutcome {
  readonly case: LoopCase;
  /** Marked lines that got a finding, and those that did not. */
  readonly found: readonly string[];
  readonly missed: readonly string[];
  /** Found by the other loop rule than the mark names. */
  readonly misnamed: readonly string[];
  /** Findings on lines without a mark. */
  readonly extra: readonly string[];
}

const ROOT = '/workspace';
const MARK = /(?:\/\/|#) expect: (n-plus-one|write-in-loop)(?:\s*#\})?\s*$/;

/** The cases of the suite's folder, in order. */
export function readLoopCases(folder: string): readonly LoopCase[] {
  return ['positive', 'innocent'].flatMap((kind) =>
    readdirSync(path.join(folder, kind)).filter((name) => name.endsWith('.md')).sort().flatMap((name) => parseCases(`${kind}/${name}`, readFileSync(path.join(folder, kind, name), 'utf8'), kind === 'innocent')),
  );
}

function parseCases(file: string, text: string, innocent: boolean): readonly LoopCase[] {
  const [head = '', ...sections] = text.split(/^## /m);
  const shared = readBlocks(head);
  return sections.map((section) => {
    const [title = '', tags = ''] = section.split('\n');
    return { name: `${file}: ${title.trim()}`, tags: innocent ? [] : tags.split('·').map((tag) => tag.trim()), innocent, files: { ...shared, ...readBlocks(section) } };
  });
}

const readBlocks = (text: string): Record<string, string> => Object.fromEntries([...text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].map((block) => [block[1] ?? '', block[2] ?? '']));

let engine: Promise<Engine> | undefined;

/** Lints the case's files as one workspace with both loop rules. */
export async function runLoopCase(example: LoopCase): Promise<CaseOutcome> {
  const { read, sql, ensure } = await (engine ??= createEngine());
  const entries = Object.entries(example.files).map(([name, text]) => ({ path: `${ROOT}/${name}`, text, language: languageOf(name) }));
  for (const { language } of entries) if (language !== undefined) await ensure(language);
  const readAll = (models: ReturnType<typeof indexModels>): HostFile[] => entries.flatMap((e) => (e.language === undefined ? [] : [read(toUri(e.path), e.text, e.language, { models, folder: ROOT })]));
  const files = readAll(indexModels(readAll(indexModels([])).flatMap((file) => file.models)));
  const flow = createFlowGraph(createModuleResolver({ files: entries.map((e) => e.path), manifests: new Map(entries.filter((e) => e.path.endsWith('.json')).map((e) => [e.path, e.text])) }));
  for (const file of files) flow.set(file);
  const outcome: { found: string[]; missed: string[]; misnamed: string[]; extra: string[] } = { found: [], missed: [], misnamed: [], extra: [] };
  for (const { path: name, text } of entries) {
    const file = files.find((f) => f.uri === toUri(name));
    if (!file) continue;
    const { findings, failures } = lintFile({ file, text, catalog: undefined, settings: defaultSettings, sql, flow, rules: [nPlusOne, writeInLoop] });
    if (failures.length > 0) throw new Error(`${example.name}: ${JSON.stringify(failures)}`);
    const lines = createLineIndex(text);
    const place = (line: number): string => `${example.name} [${name.slice(ROOT.length + 1)}:${line + 1}] ${(text.split('\n')[line] ?? '').trim().slice(0, 110)}`;
    const at = new Map<number, string[]>();
    for (const finding of findings) {
      const { line } = lines.toLineColumn(finding.span.start);
      at.set(line, [...(at.get(line) ?? []), finding.rule]);
    }
    for (const [line, content] of text.split('\n').entries()) {
      const expected = MARK.exec(content)?.[1];
      const got = at.get(line);
      if (expected === undefined) {
        if (got) outcome.extra.push(place(line));
      } else if (!got) outcome.missed.push(place(line));
      else {
        outcome.found.push(place(line));
        if (!got.includes(expected)) outcome.misnamed.push(place(line));
      }
    }
  }
  return { case: example, ...outcome };
}

export interface SuiteFigures {
  readonly positives: number;
  readonly writes: number;
  /** Positives in templates, which cannot write. */
  readonly inTemplates: number;
  readonly innocents: number;
  readonly recall: number;
  /** Innocent cases with a finding, of all. */
  readonly falseRate: number;
  readonly missed: readonly string[];
  readonly misnamed: readonly string[];
  /** Findings in innocent cases, and on lines of positive ones that have no mark. */
  readonly false: readonly string[];
  readonly extra: readonly string[];
}

export function figuresOf(outcomes: readonly CaseOutcome[]): SuiteFigures {
  const positive = outcomes.filter((o) => !o.case.innocent);
  const innocent = outcomes.filter((o) => o.case.innocent);
  const found = positive.flatMap((o) => o.found);
  const missed = positive.flatMap((o) => o.missed);
  return {
    positives: found.length + missed.length,
    writes: positive.flatMap((o) => Object.values(o.case.files)).join('\n').split('\n').filter((line) => /expect: write-in-loop/.test(line)).length,
    inTemplates: positive.flatMap((o) => Object.values(o.case.files)).join('\n').split('\n').filter((line) => /expect: n-plus-one #\}/.test(line)).length,
    innocents: innocent.length,
    recall: found.length / Math.max(1, found.length + missed.length),
    falseRate: innocent.filter((o) => o.extra.length > 0).length / Math.max(1, innocent.length),
    missed,
    misnamed: positive.flatMap((o) => o.misnamed),
    false: innocent.flatMap((o) => o.extra),
    extra: positive.flatMap((o) => o.extra),
  };
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
const list = (title: string, items: readonly string[]): string => (items.length === 0 ? '' : `\n### ${title} (${items.length})\n\n${items.map((item) => `- ${item}`).join('\n')}\n`);

/** The figures as Markdown, with what was missed and what was found falsely. */
export function suiteReport(figures: SuiteFigures): string {
  return [
    '## Labelled suite\n',
    '| | |\n| --- | --- |',
    `| positives | ${figures.positives}, ${figures.writes} of them writes |`,
    `| recall | ${percent(figures.recall)} |`,
    `| innocents | ${figures.innocents} |`,
    `| innocents flagged | ${percent(figures.falseRate)} |`,
    list('Missed', figures.missed) + list('False', figures.false) + list('Found by the other rule', figures.misnamed) + list('Not marked', figures.extra),
  ].join('\n');
}
