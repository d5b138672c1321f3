import type { ExportIr, ImportIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import { requiredModule } from './scopes';
import { collectPatternNames, keyName, unwrap } from './syntaxTools';

/** Imports and exports of a module: ESM, CommonJS, TypeScript's `import x = require()` and `export =`. */
export function readModule(root: SyntaxNode): { readonly imports: ImportIr[]; readonly exports: ExportIr[] } {
  const imports: ImportIr[] = [];
  const exports: ExportIr[] = [];
  for (const statement of root.namedChildren) {
    if (statement.type === 'import_statement') readImport(statement, imports);
    else if (statement.type === 'export_statement') readExport(statement, exports);
    else if (statement.type === 'lexical_declaration' || statement.type === 'variable_declaration') readRequires(statement, imports);
    else if (statement.type === 'expression_statement') readAssignment(statement.namedChildren[0], exports);
  }
  return { imports, exports };
}

function readImport(statement: SyntaxNode, imports: ImportIr[]): void {
  const required = statement.namedChildren.find((child) => child.type === 'import_require_clause');
  const module = keyName(statement.childForFieldName('source') ?? required?.childForFieldName('source') ?? null);
  if (module === undefined) return;
  const name = required?.namedChildren[0];
  if (name) imports.push({ local: name.text, module, imported: '*' });
  for (const part of statement.namedChildren.find((child) => child.type === 'import_clause')?.namedChildren ?? []) {
    const first = part.namedChildren[0];
    if (part.type === 'identifier') imports.push({ local: part.text, module, imported: 'default' });
    else if (part.type === 'namespace_import' && first) imports.push({ local: first.text, module, imported: '*' });
    else if (part.type === 'named_imports') {
      for (const specifier of part.namedChildren) {
        const imported = specifier.childForFieldName('name');
        if (imported) imports.push({ local: (specifier.childForFieldName('alias') ?? imported).text, module, imported: keyName(imported) ?? imported.text });
      }
    }
  }
}

function readRequires(statement: SyntaxNode, imports: ImportIr[]): void {
  for (const declarator of statement.namedChildren) {
    const value = declarator.childForFieldName('value');
    const name = declarator.childForFieldName('name');
    if (!value || !name) continue;
    const inner = unwrap(value, true);
    const member = inner.type === 'member_expression' ? inner : undefined;
    const module = requiredModule(member?.childForFieldName('object') ?? inner);
    if (module === undefined) continue;
    if (name.type === 'identifier') imports.push({ local: name.text, module, imported: member?.childForFieldName('property')?.text ?? '*' });
    else if (name.type === 'object_pattern' && !member) {
      for (const child of name.namedChildren) {
        if (child.type === 'shorthand_property_identifier_pattern') imports.push({ local: child.text, module, imported: child.text });
        else if (child.type === 'pair_pattern') for (const local of collectPatternNames(child)) imports.push({ local, module, imported: keyName(child.childForFieldName('key')) ?? local });
      }
    }
  }
}

function readExport(statement: SyntaxNode, exports: ExportIr[]): void {
  const module = keyName(statement.childForFieldName('source'));
  const declaration = statement.childForFieldName('declaration');
  const value = statement.childForFieldName('value');
  if (statement.children.some((child) => child.type === 'default' || child.type === '=')) {
    const target = declaration ?? value ?? statement.namedChildren.at(-1);
    const local = declaration?.childForFieldName('name')?.text ?? (target?.type === 'identifier' ? target.text : undefined);
    exports.push({ name: 'default', ...(local === undefined ? {} : { local }) });
    return;
  }
  if (declaration) {
    const name = declaration.childForFieldName('name');
    if (name) exports.push({ name: name.text, local: name.text });
    for (const declarator of declaration.namedChildren) {
      const pattern = declarator.type === 'variable_declarator' ? declarator.childForFieldName('name') : null;
      if (pattern) for (const local of collectPatternNames(pattern)) exports.push({ name: local, local });
    }
    return;
  }
  const namespace = statement.namedChildren.find((child) => child.type === 'namespace_export');
  const clause = statement.namedChildren.find((child) => child.type === 'export_clause');
  if (namespace) exports.push({ name: namespace.namedChildren[0]?.text ?? '*', local: '*', module });
  else if (clause) {
    for (const specifier of clause.namedChildren) {
      const local = specifier.childForFieldName('name');
      if (local) exports.push({ name: (specifier.childForFieldName('alias') ?? local).text, local: local.text, ...(module === undefined ? {} : { module }) });
    }
  } else if (module !== undefined) exports.push({ name: '*', module });
}

/** `module.exports = { a, b: c }`, `module.exports = X`, `exports.a = …`. */
function readAssignment(expression: SyntaxNode | undefined, exports: ExportIr[]): void {
  if (expression?.type !== 'assignment_expression') return;
  const left = expression.childForFieldName('left')?.text ?? '';
  const right = expression.childForFieldName('right');
  if (!right) return;
  if (left === 'module.exports' || left === 'exports') {
    if (right.type === 'object') {
      for (const child of right.namedChildren) {
        if (child.type === 'shorthand_property_identifier') exports.push({ name: child.text, local: child.text });
        const name = child.type === 'pair' || child.type === 'method_definition' ? keyName(child.childForFieldName('key') ?? child.childForFieldName('name')) : undefined;
        const value = child.childForFieldName('value');
        if (name !== undefined) exports.push({ name, local: value?.type === 'identifier' ? value.text : name });
      }
    }
    exports.push({ name: 'default', ...(right.type === 'identifier' ? { local: right.text } : {}) });
    return;
  }
  const named = /^(?:module\.)?exports\.(\w+)$/.exec(left)?.[1];
  if (named !== undefined) exports.push({ name: named, local: right.type === 'identifier' ? right.text : named });
}
