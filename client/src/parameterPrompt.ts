import * as vscode from 'vscode';
import { parameterValuesRequest, type NeededParameter, type ParameterValuesParams, type ParameterValuesResult } from '../../protocol/requests';
import type { Server } from './server';

/** How values are read from the table itself, on request. */
export interface SampleSource {
  readonly server: Server;
  readonly params: ParameterValuesParams;
}

/**
 * Asks for a value per parameter: used last, from the statistics, NULL, from the table, or typed. Undefined if the user gave
 * up on one. A null in the result is SQL's NULL.
 */
export async function askForParameters(
  needed: readonly NeededParameter[],
  remembered: readonly (string | null)[] | undefined,
  sample: SampleSource,
): Promise<readonly (string | null)[] | undefined> {
  const values: (string | null)[] = [];
  let known = needed;
  for (const index of needed.keys()) {
    const parameter = known[index];
    if (!parameter) continue;
    let value = await askForParameter(parameter, index, needed.length, remembered?.[index]);
    if (value === fromTable) {
      const found = await sample.server.request<ParameterValuesResult>(parameterValuesRequest, sample.params);
      if ('error' in found) void vscode.window.showErrorMessage(found.error);
      else known = known.map((old, i) => ({ ...old, suggestions: old.suggestions.length > 0 ? old.suggestions : found.parameters[i]?.suggestions ?? [] }));
      value = await askForParameter({ ...(known[index] ?? parameter), column: undefined }, index, needed.length, remembered?.[index]);
    }
    if (value === undefined || value === fromTable) return undefined;
    values.push(value);
  }
  return values;
}

/** Chosen in place of a value: look into the table. */
const fromTable = Symbol('from the table');

interface ValueItem extends vscode.QuickPickItem {
  /** Undefined: the text typed into the box. */
  readonly value?: string | null | typeof fromTable;
}

/** A quick pick whose typed text counts as a value too. */
function askForParameter(parameter: NeededParameter, index: number, count: number, last: string | null | undefined): Promise<string | null | typeof fromTable | undefined> {
  const suggested: ValueItem[] = [
    ...(last === undefined ? [] : [{ label: last ?? 'NULL', description: 'last used', value: last }]),
    ...parameter.suggestions.filter(({ value }) => value !== last).map(({ value, label, detail }) => ({ label: value ?? 'NULL', description: [label, detail].filter(Boolean).join(' · '), value })),
    ...(last === null || parameter.suggestions.some(({ value }) => value === null) ? [] : [{ label: 'NULL', value: null }]),
    ...(parameter.suggestions.length === 0 && parameter.column !== undefined ? [{ label: '$(search) Look into the table', description: `${parameter.column} has no statistics`, detail: 'Reads a few rows of a few blocks', value: fromTable }] as const : []),
  ];
  const pick = vscode.window.createQuickPick<ValueItem>();
  pick.title = `Value of $${index + 1}${parameter.name ? ` (${parameter.name})` : ''}${parameter.type ? `: ${parameter.type}` : ''}${parameter.column ? `, for ${parameter.column}` : ''}`;
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
