import { findPooler } from '../advice/pooler';
import type { CallIr, HostFile } from '../hosts/ir';
import type { FlowRule } from '../lint/rule';

/** A pool of pools. */
export const poolBehindPooler: FlowRule = {
  id: 'pool-behind-pooler',
  scope: 'flow',
  category: 'loops',
  severity: 'info',
  needs: 'text',
  roles: ['application'],
  summary: 'A pool of the client on top of a pooler, or one larger than the server allows',
  docs: {
    why: 'A pooler hands out server connections as they are needed. A pool in each process on top of it keeps client connections open that do nothing, hides which of the two is full, and checks connections that the pooler has long given to others. SQLAlchemy’s default is such a pool; `NullPool` leaves the work to the pooler. And a pool that may open more connections than the server accepts fails under load, not before.',
    bad: [{
      language: 'python',
      code: 'from sqlalchemy import create_engine\n\nengine = create_engine("postgresql+psycopg://app@pgbouncer:6432/app")\n',
    }],
    good: [{
      language: 'python',
      code: 'from sqlalchemy import create_engine\nfrom sqlalchemy.pool import NullPool\n\nengine = create_engine("postgresql+psycopg://app@pgbouncer:6432/app", poolclass=NullPool)\n',
    }],
    whenNot: 'Processes that open connections far more often than they work, where a short pool saves the login at the pooler.',
  },
  options: {},
  check(context) {
    const { file, catalog } = context;
    const limit = Number(catalog?.server?.settings['max_connections'] ?? NaN);
    for (const call of file.calls) {
      const size = poolSize(file, call);
      // What a pool opens at a pooler is the pooler's to limit.
      if (size !== undefined && size > limit && !findPooler(context.settings, () => context.text)) {
        context.report({
          at: { host: call.nameSpan }, severity: 'warning', confidence: 'schema',
          message: `This pool may open ${size} connections; the server accepts ${limit} in all.`,
          evidence: { size, max_connections: limit },
        });
        continue;
      }
      if (!isEngine(file, call) || call.args.some((a) => a.name === 'poolclass' || a.name === 'pool' || a.name === 'creator' || a.text.startsWith('**'))) continue;
      const pooler = findPooler(context.settings, () => context.text);
      if (!pooler) continue;
      context.report({
        at: { host: call.nameSpan },
        message: 'SQLAlchemy keeps a pool of its own on top of the pooler: `poolclass=NullPool` leaves the work to it.',
        because: `A pooler stands before the database (${pooler.because}).`,
        confidence: 'text',
        evidence: { pooler: pooler.because },
      });
    }
  },
};

const isEngine = (file: HostFile, call: CallIr): boolean => file.language === 'python' && /^create_(async_)?engine$/.test(call.callee.at(-1) ?? '') && file.imports.some((i) => /^(sqlalchemy|sqlmodel)(\.|$)/.test(i.module)) && !/^["']sqlite/.test(call.args[0]?.text ?? '');

/** `new Pool({ max: 500 })`, `create_engine(…, pool_size=50, max_overflow=100)`, `create_pool(max_size=500)`. */
function poolSize(file: HostFile, call: CallIr): number | undefined {
  if (isEngine(file, call)) {
    const [size, overflow] = ['pool_size', 'max_overflow'].map((name) => call.args.find((a) => a.name === name)?.text);
    return size !== undefined && /^\d+$/.test(size) && (overflow === undefined || /^\d+$/.test(overflow)) ? Number(size) + Number(overflow ?? 10) : undefined;
  }
  if (file.language === 'python') {
    const max = /^(create_pool|ConnectionPool|AsyncConnectionPool)$/.test(call.callee.at(-1) ?? '') && file.imports.some((i) => /^(asyncpg|psycopg_pool)/.test(i.module)) ? call.args.find((a) => a.name === 'max_size')?.text : undefined;
    return max !== undefined && /^\d+$/.test(max) ? Number(max) : undefined;
  }
  const made = call.constructs && call.callee.at(-1) === 'Pool' && file.imports.some((i) => i.module === 'pg');
  const max = made ? /(?:^|[{,\s])max\s*:\s*(\d+)\b/.exec(call.args[0]?.text ?? '')?.[1] : undefined;
  return max === undefined ? undefined : Number(max);
}
