import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DocumentDiagnosticReport } from 'vscode-languageserver/node';
import { lintWorkspaceRequest } from '../../protocol/requests';
import type { Twin } from '../../server/src/twin/twin';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { sharedTwin } from '../support/twin';
import { makeWorkspace } from '../support/workspaceFolder';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL);\n';
const QUERY = 'SELECT id FROM orders WHERE customer_id = $1;\n';

/** Findings that the planner decides: whatever happens while it is asked, the client that pulls gets it. */
describe('findings that the planner decides, pulled', () => {
  let workspace: ReturnType<typeof makeWorkspace>;
  let client: LspClient;
  let open: () => void;
  let gate: Promise<void>;
  let twin: Twin;
  const uri = (): string => toUri(workspace.path('q.sql'));
  const pull = (previousResultId?: string): Promise<DocumentDiagnosticReport> => client.request('textDocument/diagnostic', { textDocument: { uri: uri() }, previousResultId });
  const codes = (report: DocumentDiagnosticReport): unknown[] => (report.kind === 'full' ? report.items.map(({ code }) => code) : [report.kind]);

  beforeAll(async () => {
    workspace = makeWorkspace({ 'migrations/0001_init.sql': SCHEMA, 'q.sql': QUERY, 'sargable.config.json': JSON.stringify({ assume: { orders: 2_000_000 } }) });
    const real = await sharedTwin();
    gate = new Promise((resolve) => (open = resolve));
    /** Answers of the real planner: late at first, at once when they are known. */
    const answers = new Map<string, unknown>();
    const asked = async <T>(key: unknown, ask: () => Promise<T>): Promise<T> => {
      await gate;
      const text = JSON.stringify(key);
      if (!answers.has(text)) answers.set(text, await ask());
      return answers.get(text) as T;
    };
    twin = {
      ...real,
      plan: (catalog, ...rest) => asked(['plan', ...rest], () => real.plan(catalog, ...rest)),
      whatIf: (catalog, ...rest) => asked(['whatIf', ...rest], () => real.whatIf(catalog, ...rest)),
      without: (catalog, ...rest) => asked(['without', ...rest], () => real.without(catalog, ...rest)),
      stop: async () => undefined,
    };
  });
  afterAll(() => workspace.remove());

  it('come though code actions are asked for between the answer and the pull, after another document was opened', async () => {
    client = await startLspClient({ folder: workspace.folder, twin });
    await client.ready();
    await client.open(uri(), 'sql', QUERY);
    const first = await pull();
    expect(codes(first)).not.toContain('unindexed-predicate');
    await client.open(toUri(workspace.path('other.sql')), 'sql', '-- nothing\n');
    let seen = client.refreshes;
    open();
    // The editor keeps what it shows when it is told that nothing has changed, and pulls when the server says so.
    for (let shown = first; !codes(shown).includes('unindexed-predicate');) {
      await client.until(() => client.refreshes > seen);
      seen = client.refreshes;
      await client.request('textDocument/codeAction', { textDocument: { uri: uri() }, range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, context: { diagnostics: [] } });
      const next = await pull(shown.resultId);
      if (next.kind === 'full') shown = next;
    }
    await client.stop();
  });

  it('come though somebody else waited for the same answers', async () => {
    client = await startLspClient({ folder: workspace.folder, twin });
    await client.ready();
    await client.open(uri(), 'sql', QUERY);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const first = await pull();
    expect(codes(first)).not.toContain('unindexed-predicate');
    const before = client.refreshes;
    await client.request(lintWorkspaceRequest, {});
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    await client.until(() => client.refreshes > before);
    expect(codes(await pull(first.resultId))).toContain('unindexed-predicate');
    await client.stop();
  });
});
