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
  for (const original of linted) {
    let current = await project.previewSettled(original.file.uri, original.text);
    const seen = new Set([original.text]);
    const file = toPath(original.file.uri) ?? '';
    const relative = relativePath(project.folder, file);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const chosen = current.findings.flatMap((finding) => pick(finding, options.review));
      const creating = chosen.find((fix) => fix.creates?.length);
      const taken = creating ? [creating] : collectCompatibleFixes(chosen);
      const outcome = await applyFixes(project, current, taken);
      // Two fixes that undo each other come back to a text that was there before.
      if (outcome === undefined || (seen.has(outcome.linted.text) && !creating)) break;
      seen.add(outcome.linted.text);
      applied += outcome.count;
      if (creating && !options.dryRun) await refuseChanged(file, original.text, relative);
      for (const made of creating?.creates ?? []) {
        diff += patch('/dev/null', `b/${made.path}`, '', made.text);
        if (!options.dryRun) await create(project.folder, made);
      }
      if (creating?.creates) await project.expect(creating.creates);
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
  return { linted: results, diff, applied, files };
}

/**
 * The text with the fixes, read again. Each fix was checked alone: where they break the text together, the first is taken and the
 * others wait for the next round. Undefined: nothing changes.
 */
async function applyFixes(project: Project, current: Linted, fixes: readonly Fix[]): Promise<{ readonly linted: Linted; readonly count: number } | undefined> {
  const text = applyEdits(current.text, fixes.flatMap((fix) => fix.edits));
  const creates = fixes.some((fix) => fix.creates?.length);
  if (text === undefined || fixes.length === 0 || (text === current.text && !creates)) return undefined;
  const linted = await project.previewSettled(current.file.uri, text);
  if (errorsOf(linted) <= errorsOf(current)) return { linted, count: fixes.length };
  return fixes.length > 1 ? applyFixes(project, current, fixes.slice(0, 1)) : undefined;
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

/** The first fix that may be applied without asking, or that `--fix-review` asked for. */
function pick(finding: Finding, review: readonly string[]): readonly Fix[] {
  const wanted = finding.fixes().find((fix) => fix.kind === 'safe') ?? (review.includes(finding.rule) ? finding.fixes()[0] : undefined);
  return wanted ? [wanted] : [];
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
