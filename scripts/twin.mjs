// The planner twin's program and what it loads: dist/twin.js and dist/twin/. The data folder is made once per version of PGlite.
import { build } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
const pglite = path.join(root, 'node_modules/@electric-sql/pglite');
const version = JSON.parse(readFileSync(path.join(pglite, 'package.json'), 'utf8')).version;
/** Changes when the statements below do. */
const recipe = 1;

/** Extensions that a schema may need; `server/src/twin/extensions.ts` knows what each is needed for. */
const extensions = ['bloom', 'btree_gin', 'btree_gist', 'citext', 'cube', 'dict_int', 'earthdistance', 'fuzzystrmatch', 'hstore', 'intarray', 'isn', 'ltree', 'pg_trgm', 'pgcrypto', 'seg', 'tablefunc', 'unaccent', 'uuid-ossp'];

/**
 * An empty cluster, as an archive. Its default collation is one of a language, as nearly every server's is: under `C`, where
 * PGlite starts, LIKE 'x%' could use any b-tree index.
 */
async function dataArchive() {
  const file = path.join(root, '.cache', `twin-data-${version}-${recipe}.tar.gz`);
  if (existsSync(file)) return file;
  const { PGlite } = await import(pathToFileURL(path.join(pglite, 'dist/index.js')).href);
  const database = await PGlite.create();
  await database.exec(`update pg_database set datcollate = 'en_US.UTF-8', datctype = 'en_US.UTF-8'`);
  await database.exec('vacuum');
  const archive = Buffer.from(await (await database.dumpDataDir('gzip')).arrayBuffer());
  await database.close();
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, archive);
  renameSync(`${file}.${process.pid}`, file); // several may build at once
  return file;
}

/** Options of esbuild for the twin's program. */
export const twinBundle = { entryPoints: { twin: 'server/src/twin/child/main.ts' } };

/** Copies what the program loads into `<folder>/twin/`. */
export async function copyTwinAssets(folder) {
  const target = path.join(folder, 'twin');
  mkdirSync(target, { recursive: true });
  const copy = (from, name) => {
    copyFileSync(from, path.join(target, `${name}.${process.pid}`));
    renameSync(path.join(target, `${name}.${process.pid}`), path.join(target, name));
  };
  for (const name of ['pglite.wasm', 'pglite.data', 'initdb.wasm', ...extensions.map((extension) => `${extension}.tar.gz`)]) copy(path.join(pglite, 'dist', name), name);
  copy(await dataArchive(), 'data.tar.gz');
}

/** Program and assets in one folder, for tests; nothing is done where they are newer than what they are made of. Returns the program's path. */
export async function buildTwin(folder) {
  const program = path.join(folder, 'twin.js');
  const sources = [path.dirname(path.join(root, twinBundle.entryPoints.twin)), import.meta.dirname].flatMap((place) => readdirSync(place).filter((name) => place !== import.meta.dirname || name === 'twin.mjs').map((name) => path.join(place, name)));
  const newest = Math.max(...[...sources, path.join(pglite, 'package.json')].map((file) => statSync(file).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  await copyTwinAssets(folder);
  const outfile = path.join(folder, `twin.${process.pid}.js`);
  await build({
    absWorkingDir: root, bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'warning', outfile, entryPoints: [twinBundle.entryPoints.twin],
    define: { 'import.meta.url': '__importMetaUrl' }, banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  renameSync(outfile, program);
  return program;
}
