import { describe, expect, it } from 'vitest';
import { createModuleResolver } from '../../../server/src/workspace/modules';
import { toPath, toUri } from '../../../server/src/workspace/paths';

function resolver(files: readonly string[], manifests: Record<string, unknown> = {}) {
  const resolve = createModuleResolver({ files, manifests: new Map(Object.entries(manifests).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])) });
  return (from: string, name: string): string | undefined => {
    const uri = resolve(toUri(from), name);
    return uri && toPath(uri);
  };
}

describe('modules of scripts', () => {
  const resolve = resolver(['/w/src/a.ts', '/w/src/b.tsx', '/w/src/users/index.ts', '/w/packages/db/src/index.ts', '/w/packages/db/src/client.ts', '/w/lib/x.js'], {
    '/w/tsconfig.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"], "#db": ["packages/db/src/client"] } /* comments are allowed */ } }',
    '/w/packages/db/package.json': { name: '@app/db', main: './dist/index.js' },
  });
  it.each([
    ['./b', '/w/src/b.tsx'], ['./b.js', '/w/src/b.tsx'], ['./users', '/w/src/users/index.ts'], ['@/a', '/w/src/a.ts'], ['#db', '/w/packages/db/src/client.ts'],
    ['@app/db', '/w/packages/db/src/index.ts'], ['@app/db/client', '/w/packages/db/src/client.ts'], ['lib/x', '/w/lib/x.js'], ['express', undefined], ['./missing', undefined],
  ])('%s', (name, expected) => {
    expect(resolve('/w/src/a.ts', name)).toBe(expected);
  });
});

describe('modules of Python', () => {
  const resolve = resolver(['/w/src/app/__init__.py', '/w/src/app/models.py', '/w/src/app/api/__init__.py', '/w/src/app/api/users.py', '/w/tools/run.py']);
  it.each([
    ['.', '/w/src/app/api/__init__.py'], ['..models', '/w/src/app/models.py'], ['app.models', '/w/src/app/models.py'], ['app', '/w/src/app/__init__.py'], ['run', '/w/tools/run.py'], ['sqlalchemy', undefined],
  ])('%s', (name, expected) => {
    expect(resolve('/w/src/app/api/users.py', name)).toBe(expected);
  });
});

describe('packages of the same name in one repository', () => {
  const resolve = resolver(['/w/a/app/__init__.py', '/w/a/app/models.py', '/w/b/app/__init__.py', '/w/b/app/models.py', '/w/b/app/views.py', '/w/c/loose/models.py', '/w/c/loose/sub/views.py']);
  it('each imports its own', () => {
    expect(resolve('/w/a/app/__init__.py', 'app.models')).toBe('/w/a/app/models.py');
    expect(resolve('/w/b/app/views.py', 'app.models')).toBe('/w/b/app/models.py');
  });
  it('a folder without __init__ is a package too', () => {
    expect(resolve('/w/c/loose/sub/views.py', 'loose.models')).toBe('/w/c/loose/models.py');
  });
});
