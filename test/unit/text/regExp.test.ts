import { expect, it } from 'vitest';
import { cursorType } from '../../../server/src/core/advice/cursorParameter';
import type { QuerySite } from '../../../server/src/core/hosts/ir';
import { escapeRegExp } from '../../../server/src/core/text/regExp';

it('a text as a pattern matches itself and nothing else', () => {
  for (const text of ['a(b', 'a.b', '$x', '[', '\\d', 'a|b', '^*+?{1}', 'ä "-/', '😀']) {
    expect(new RegExp(`^${escapeRegExp(text)}$`).exec(text)?.[0]).toBe(text);
    expect(new RegExp(`^${escapeRegExp(text)}$`, 'u').test(`${text}x`)).toBe(false);
  }
  expect(new RegExp(escapeRegExp('a.b')).test('axb')).toBe(false);
});

it('the class of the rows is found whatever its name is written with', () => {
  const site = { library: 'typeorm', model: '$User' } as QuerySite;
  const edits = [{ text: 'id < after.id' }] as unknown as Parameters<typeof cursorType>[2];
  expect(cursorType(site, [], edits, 'after', 'export class $User {}')).toBe("Pick<$User, 'id'>");
  expect(cursorType(site, [], edits, 'after', 'export class $Users {}')).toBe('{ id: string }');
});
