import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { diagnostic, diagnosticsOf, hover, noDiagnostic, open, setRules, until } from './support';

const extensionId = 'sargable.sargable';

/** The packaged extension through VS Code's own API. */
export function defineSuite(): void {
  suite('extension', () => {
    test('is the packaged one and starts', async () => {
      const extension = vscode.extensions.getExtension(extensionId);
      assert.ok(extension, 'installed');
      await extension.activate();
      assert.equal(extension.isActive, true);
    });

    test('registers every command of its manifest', async () => {
      const extension = vscode.extensions.getExtension(extensionId);
      const declared: { command: string }[] = extension?.packageJSON.contributes.commands;
      const registered = new Set(await vscode.commands.getCommands(true));
      assert.ok(declared.length > 0);
      for (const { command } of declared) assert.ok(registered.has(command), command);
    });

    test('underlines exactly the call that skips rows', async () => {
      const document = await open('src/orders.ts');
      const { range } = await diagnostic(document, 'offset-pagination');
      assert.equal(document.getText(range).replace(/^\./, ''), 'offset((page - 1) * size)');
    });

    test('keeps positions behind wide characters and after an edit', async () => {
      const document = await open('src/orders.ts');
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, new vscode.Position(6, 0), "  /* 😀 ü 漢 */ ");
      await vscode.workspace.applyEdit(edit);
      await until('the finding in its new place', () => {
        const found = diagnosticsOf(document, 'offset-pagination')[0];
        return found && document.getText(found.range).endsWith('offset((page - 1) * size)') ? found : undefined;
      });
      await vscode.commands.executeCommand('workbench.action.files.revert');
    });

    test('offers the page by key, and applying it settles the finding', async () => {
      const document = await open('src/orders.ts');
      // The test before has edited the document: a range that is still its old text's has no action, and a question about it is cancelled.
      const action = await until('the action', async () => {
        const { range } = await diagnostic(document, 'offset-pagination');
        const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document.uri, range, vscode.CodeActionKind.QuickFix.value, 10).then((found) => found, () => []);
        return actions.find(({ title }) => title.startsWith('Page by key'));
      });
      assert.ok(action.edit);
      await vscode.workspace.applyEdit(action.edit);
      assert.ok(!document.getText().includes('.offset('));
      await noDiagnostic(document, 'offset-pagination');
      await vscode.commands.executeCommand('undo');
      await diagnostic(document, 'offset-pagination');
      await vscode.commands.executeCommand('workbench.action.files.revert');
    });

    test('finds a query per row through a function of another file', async () => {
      const document = await open('src/report.ts');
      const { range, relatedInformation } = await diagnostic(document, 'n-plus-one');
      assert.match(document.getText(range), /findCustomer/);
      const related = relatedInformation?.map(({ location }) => location.uri.path) ?? [];
      assert.ok(related.some((path) => path.endsWith('/customers.ts')), `related places: ${related.join(', ')}`);
    });

    test('shows above each query how to explain it', async () => {
      const document = await open('src/customers.ts');
      const lenses = await until('two lenses', async () => {
        const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10);
        return found.length >= 2 ? found : undefined;
      });
      assert.deepEqual(lenses.map(({ command }) => command?.command), ['sargable.explainAt', 'sargable.explainAt']);
    });

    test('shows the SQL of a chain and the columns of a table on hover', async () => {
      const document = await open('src/orders.ts');
      assert.match(await hover(document, 'limit(size)', /ORDER BY/), /SELECT id, total, created_at/i);
      assert.match(await hover(document, "orders')", /customer_id/), /orders_created_at_id_idx/);
    });

    test('obeys changed settings', async () => {
      const document = await open('src/orders.ts');
      await diagnostic(document, 'offset-pagination');
      await setRules({ 'offset-pagination': 'off' });
      await noDiagnostic(document, 'offset-pagination');
      await setRules({ 'offset-pagination': 'error' });
      await until('an error', () => (diagnosticsOf(document, 'offset-pagination')[0]?.severity === vscode.DiagnosticSeverity.Error ? true : undefined));
      await setRules(undefined);
      await until('a warning', () => ((diagnosticsOf(document, 'offset-pagination')[0]?.severity ?? 0) > vscode.DiagnosticSeverity.Error ? true : undefined));
    });

    test('sees a change of the schema on disk', async () => {
      const document = await open('src/customers.ts');
      const [folder] = vscode.workspace.workspaceFolders ?? [];
      assert.ok(folder);
      const schema = vscode.Uri.joinPath(folder.uri, 'schema.sql');
      const before = await vscode.workspace.fs.readFile(schema);
      await open('src/orders.ts');
      const text = Buffer.from(before).toString('utf8').replace('CREATE INDEX orders_customer_id_idx ON orders (customer_id);\n', '');
      await vscode.workspace.fs.writeFile(schema, Buffer.from(text));
      await vscode.workspace.getConfiguration('sargable').update('assume', { orders: 5_000_000 }, vscode.ConfigurationTarget.Workspace);
      await diagnostic(document, 'unindexed-predicate');
      await vscode.workspace.fs.writeFile(schema, before);
      await noDiagnostic(document, 'unindexed-predicate');
      await vscode.workspace.getConfiguration('sargable').update('assume', undefined, vscode.ConfigurationTarget.Workspace);
    });

    test('works again after a restart of the server', async () => {
      const document = await open('src/orders.ts');
      await diagnostic(document, 'offset-pagination');
      await vscode.commands.executeCommand('sargable.restart');
      await diagnostic(document, 'offset-pagination');
    });
  });
}
