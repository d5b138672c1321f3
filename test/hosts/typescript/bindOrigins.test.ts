import { expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';

it('closures that name each other are looked at once for a value, and what they come to counts', async () => {
  const engine = await createEngine();
  const originOf = (last: string): string | undefined => {
    const names = Array.from({ length: 24 }, (_, i) => `f${i}`);
    const closures = names.map((name, i) => `  const ${name} = () => ${i === 23 ? last : names.map((other) => `${other}()`).join(' + ')};`);
    const text = `import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function find(req, res, limit) {\n${closures.join('\n')}\n  return pool.query('SELECT id FROM t WHERE a = $1', [f0()]);\n}\n`;
    return engine.read('file:///w/a.ts', text, 'typescript').sites[0]?.binds[0]?.origin;
  };
  expect(originOf('req.query.id')).toBe('request');
  expect(originOf('1')).toBe('local');
});
