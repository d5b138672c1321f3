import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { collectCompatibleFixes } from '../core/lint/fixAll';
import type { Finding, Fix } from '../core/lint/rule';
import { applyEdits } from '../core/text/edit';
import { relativePath, toPath } from '../workspace/paths';
import type { Linted, Project } from '../workspace/project';
import { readTextFile, writeTextFile } from '../workspace/textFile';
import { UsageError } from './usage';

export interface FixOptions {
  readonly dryRun: boolean;
  /** Rules whose review fixes are applied too. */
  readonly review: readonly string[];
}

export interface FixOutcome {
  readonly linted: readonly Linted[];
  /** Unified diff of everything that changes, new files included. */
  readonly diff: string;
  readonly applied: number;
  readonly files: number;
  /** Fixes that were left out because the text would not stand with them, in words for the user. */
  readonly refused: readonly string[];
}

/** A fix may uncover the next one; more rounds than this mean two fixes undo each other. */
const MAX_ROUNDS = 25;

/**
 * Applies safe fixes, round by round until none is left, to the files or (dry run) to a diff. Line ends and everything
 * outside the edits stay as they are; a fix that does not survive its check was never offered.
 */
export async function fixFiles(project: Project, linted: readonly Linted[], options: FixOptions): Promise<FixOutcome> {
  let diff = '';
  let applied = 0;
  let files = 0;
  const results: Linted[] = [];
  const refused: string[] = [];
  for (const original of linted) {
    let current = await project.previewSettled(original.file.uri, original.text);
    const seen = new Set([original.text]);
    const bad = new Set<string>();
    const file = toPath(original.file.uri) ?? '';
    const relative = relativePath(project.folder, file);
    /** Fixes that change other files: those are checked one by one here, and each has findings of its own. */
    const elsewhere = (finding: Finding, fix: Fix): void => {
      const other = fix.edits.find((edit) => edit.uri !== original.file.uri);
      if (!other || bad.has(keyOf({ finding, fix }))) return;
      bad.add(keyOf({ finding, fix }));
      refused.push(`${relative}: the fix "${fix.title}" of ${finding.rule} is left out: it changes ${relativePath(project.folder, toPath(other.uri) ?? other.uri)}; apply it in the editor`);
    };
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const chosen = current.findings.flatMap((finding) => pick(finding, original.file.uri, options.review, elsewhere)).filter((choice) => !bad.has(keyOf(choice)));
      const creating = chosen.find(({ fix }) => fix.creates?.length);
      const taken = creating ? [creating] : collectCompatibleFixes(chosen.map(({ fix }) => fix)).flatMap((fix) => chosen.find((choice) => choice.fix === fix) ?? []);
      const outcome = await applyFixes(project, current, taken);
      for (const choice of outcome.refused) {
        bad.add(keyOf(choice));
        refused.push(`${relative}: the fix "${choice.fix.title}" of ${choice.finding.rule} is left out: the text would not stand with it`);
      }
      if (outcome.count === 0 && outcome.refused.length > 0) continue;
      // Two fixes that undo each other come back to a text that was there before.
      if (outcome.count === 0 || (seen.has(outcome.linted.text) && !creating)) break;
      seen.add(outcome.linted.text);
      applied += outcome.count;
      if (creating && !options.dryRun) await refuseChanged(file, original.text, relative);
      for (const made of creating?.fix.creates ?? []) {
        diff += patch('/dev/null', `b/${made.path}`, '', made.text);
        if (!options.dryRun) await create(project.folder, made);
      }
      if (creating?.fix.creates) await project.expect(creating.fix.creates);
      current = creating ? await project.previewSettled(current.file.uri, outcome.linted.text) : outcome.linted;
    }
    if (current.text !== original.text) {
      if (!options.dryRun) await refuseChanged(file, original.text, relative);
      files++;
      diff += patch(`a/${relative}`, `b/${relative}`, original.text, current.text);
      if (!options.dryRun) await write(file, current.text);
    }
    results.push(options.dryRun ? original : current);
  }
  return { linted: results, diff, applied, files, refused };
}

interface Choice {
  readonly finding: Finding;
  readonly fix: Fix;
}

/** The same fix of the same finding in the next round, wherever it stands by then. */
const keyOf = ({ finding, fix }: Choice): string => `${finding.fingerprint}\n${fix.title}`;

interface Applied {
  readonly linted: Linted;
  readonly count: number;
  /** With these the text would not stand, with what was taken before them or alone. */
  readonly refused: readonly Choice[];
}

/**
 * The text with as many of the fixes as it stands with, read again. Each fix was checked alone: where they break the text
 * together, halves are tried, down to one fix, so that a bad one keeps back no other. `count` 0: the text is as it was.
 */
async function applyFixes(project: Project, current: Linted, choices: readonly Choice[]): Promise<Applied> {
  let best: { readonly linted: Linted; readonly taken: readonly Choice[] } = { linted: current, taken: [] };
  const refused: Choice[] = [];
  const add = async (more: readonly Choice[]): Promise<void> => {
    if (more.length === 0) return;
    const taken = [...best.taken, ...more];
    const text = applyEdits(current.text, taken.flatMap(({ fix }) => fix.edits));
    // A fix that changes nothing is none, and none of the bad ones.
    if (text === best.linted.text && !more.some(({ fix }) => fix.creates?.length)) return;
    const linted = text === undefined ? undefined : text === current.text ? current : await project.previewSettled(current.file.uri, text);
    if (linted && errorsOf(linted) <= errorsOf(current)) best = { linted, taken };
    else if (more.length === 1) refused.push(...more);
    else {
      const half = Math.ceil(more.length / 2);
      await add(more.slice(0, half));
      await add(more.slice(half));
    }
  };
  await add(choices);
  return { linted: best.linted, count: best.taken.length, refused };
}

const errorsOf = ({ file, findings }: Linted): number => file.errors.length + findings.filter(({ rule }) => rule === 'syntax-error').length;

/** @throws UsageError where the file no longer holds the text that was linted: somebody is at work on it */
async function refuseChanged(file: string, text: string, name: string): Promise<void> {
  const now = await readTextFile(file);
  if (!('text' in now) || now.text !== text) throw new UsageError(`${name} was changed while its fixes were computed, and is left as it is: run again`);
}

/** A unified diff without the separator line, as git prints it. */
const patch = (from: string, to: string, before: string, after: string): string =>
  createTwoFilesPatch(from, to, before, after, undefined, undefined, { context: 3 }).replace(/^=+\n/, '');

/** The first fix that may be applied without asking, or that `--fix-review` asked for. @param elsewhere is told of fixes that change another file, which are not taken */
function pick(finding: Finding, uri: string, review: readonly string[], elsewhere: (finding: Finding, fix: Fix) => void): readonly Choice[] {
  const reviewed = review.includes(finding.rule);
  const allowed = finding.fixes().filter((fix) => fix.kind === 'safe' || reviewed);
  const here = allowed.filter((fix) => fix.edits.every((edit) => edit.uri === uri));
  const wanted = here.find((fix) => fix.kind === 'safe') ?? here[0];
  if (!wanted && allowed[0]) elsewhere(finding, allowed[0]);
  return wanted ? [{ finding, fix: wanted }] : [];
}

async function write(file: string, text: string): Promise<void> {
  const known = await readTextFile(file);
  await writeTextFile(file, { text, bom: 'bom' in known && known.bom });
}

async function create(folder: string, file: { readonly path: string; readonly text: string }): Promise<void> {
  const target = path.join(folder, file.path);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, file.text, { flag: 'wx' });
}
