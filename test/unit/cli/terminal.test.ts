import { expect, it } from 'vitest';
import { forTerminal } from '../../../server/src/cli/terminal';

it('names that drive a terminal are shown, not obeyed; colours stay', () => {
  expect(forTerminal('\u001b[31mred\u001b[39m\tx\n')).toBe('\u001b[31mred\u001b[39m\tx\n');
  expect(forTerminal('a\u001b[2Jb\rc\u009b1;1Hd\u0007')).toBe('a\uFFFD[2Jb\uFFFDc\uFFFD1;1Hd\uFFFD');
});
