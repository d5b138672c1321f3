import * as vscode from 'vscode';
import type { ExplainResult } from '../../protocol/requests';

type NeededParameter = Extract<ExplainResult, { kind: 'parametersNeeded' }>['parameters'][number];

/** Asks for a value per parameter; undefined if the user gave up on one. A null in the result is SQL's NULL. */
export async function askForParameters(
  needed: readonly NeededParameter[],
  remembered: readonly (string | null)[] | undefined,
): Promise<readonly (string | null)[] | undefined> {
  const values: (string | null)[] = [];
  for (const [index, parameter] of needed.entries()) {
    const value = await askForParameter(parameter, index, needed.length, remembered?.[index]);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

interface ValueItem extends vscode.QuickPickItem {
  /** Undefined: the text typed into the box. */
  readonly value?: string | null;
}

/** A quick pick whose typed text counts as a value too. */
function askForParameter(parameter: NeededParameter, index: number, count: number, last: string | null | undefined): Promise<string | null | undefined> {
  const suggested: ValueItem[] = [
    ...(last === undefined ? [] : [{ label: last ?? 'NULL', description: 'last used', value: last }]),
    ...parameter.suggestions.filter(({ value }) => value !== last).map(({ value, label, detail }) => ({ label: value ?? 'NULL', description: [label, detail].filter(Boolean).join(' · '), value })),
    ...(last === null || parameter.suggestions.some(({ value }) => value === null) ? [] : [{ label: 'NULL', value: null }]),
  ];
  const pick = vscode.window.createQuickPick<ValueItem>();
  pick.title = `Value of $${index + 1}${parameter.name ? ` (${parameter.name})` : ''}${parameter.type ? `: ${parameter.type}` : ''}`;
  pick.placeholder = 'Pick a value or type one';
  pick.step = index + 1;
  pick.totalSteps = count;
  pick.ignoreFocusOut = true;
  pick.items = suggested;
  pick.onDidChangeValue((text) => {
    pick.items = text === '' ? suggested : [{ label: text, description: 'as typed', alwaysShow: true }, ...suggested];
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      const item = pick.selectedItems[0]; // none when Enter comes before the list has followed the typing
      if (!item && pick.value === '') return;
      resolve(!item ? pick.value : item.value === undefined ? item.label : item.value);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}
