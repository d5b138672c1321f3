import type { Uri } from 'vscode';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../client/src/decodeText';
import { branchOf, type GitExtension } from '../../../client/src/gitBranch';

describe('text of a plan file', () => {
  it('is read as UTF-8, or as the UTF-16 that PowerShell writes', () => {
    expect(decodeText(Buffer.from('\ufeffSeq Scan on größe', 'utf8'))).toBe('Seq Scan on größe');
    expect(decodeText(Buffer.from('\ufeffSeq Scan on größe', 'utf16le'))).toBe('Seq Scan on größe');
    expect(decodeText(Buffer.from('\ufeffSeq Scan on größe', 'utf16le').swap16())).toBe('Seq Scan on größe');
    expect(decodeText(new Uint8Array())).toBe('');
    expect(decodeText(Uint8Array.of(0xff, 0x00, 0x80))).toContain('\ufffd');
  });
});

describe('branch of a plan', () => {
  const uri = {} as Uri;
  const git = (name: string | undefined, enabled = true): GitExtension => ({ isActive: true, exports: { enabled, getAPI: () => ({ getRepository: () => (name === 'nowhere' ? null : { state: { HEAD: name === undefined ? undefined : { name } } }) }) } });

  it('is what Git has checked out where the query stands, where Git knows', () => {
    expect(branchOf(git('feature/index'), uri)).toBe('feature/index');
    expect(branchOf(git(undefined), uri)).toBeUndefined();
    expect(branchOf(git('nowhere'), uri)).toBeUndefined();
    expect(branchOf(git('main', false), uri)).toBeUndefined();
    expect(branchOf(undefined, uri)).toBeUndefined();
    // As VS Code has it: what an extension exports may not be asked for while it starts.
    expect(branchOf({ isActive: false, get exports(): never { throw new Error('not known or not activated'); } }, uri)).toBeUndefined();
    expect(branchOf({ isActive: true, get exports(): never { throw new Error('broken'); } }, uri)).toBeUndefined();
  });
});
