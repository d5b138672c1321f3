import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { collectCompatibleEdits } from '../core/lint/fixAll';
import type { Finding, Fix } from '../core/lint/rule';
import { applyEdits } from '../core/text/edit';
import { relativePath, toPath } from '../workspace/paths';
import type { Linted, Project } from '../workspace/project';
import { readTextFile, writeTextFile } from '../workspace/textFile';

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
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const chosen = current.findings.flatMap((finding) => pick(finding, options.review));
      const creating = chosen.find((fix) => fix.creates?.length);
      const edits = creating ? creating.edits : collectCompatibleEdits(chosen);
      const next = applyEdits(current.text, edits);
      if (next === undefined || (next === current.text && !creating)) break;
      applied += creating ? 1 : chosen.length;
      for (const file of creating?.creates ?? []) {
        diff += patch('/dev/null', `b/${file.path}`, '', file.text);
        if (!options.dryRun) await create(project.folder, file);
      }
      if (creating?.creates) await project.expect(creating.creates);
      current = await project.previewSettled(current.file.uri, next);
    }
    const file = toPath(original.file.uri) ?? '';
    const relative = relativePath(project.folder, file);
    if (current.text !== original.text) {
      files++;
      diff += patch(`a/${relative}`, `b/${relative}`, original.text, current.text);
      if (!options.dryRun) await write(file, current.text);
    }
    results.push(options.dryRun ? original : current);
  }
  return { linted: results, diff, applied, files };
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
