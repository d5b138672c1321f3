import { MAX_SURFACE } from '../surface';
import type { SyntaxNode } from '../syntax';
import { isFunction, unwrap } from './syntaxTools';

const maxStatement = 3000;
const maxFunction = 2500;
const largeFile = 400_000;
/** What code that has to do with a database says somewhere. */
const database = /\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|JOIN|select|insert|update|delete|from|where|join|sql|tables?|schema|columns?|query|queries|execute|exec|raw|unsafe|begin|transaction|db|pool|conn|client|trx|tx|repo|repository|em|orm)\b|Pool|Client|Prisma|DataSource|Sequelize|Kysely|Knex|knex|drizzle|Database|Connection|Repository|EntityManager|[sS]upabase|postgres|\bneon\b|\bpgp\b|[qQ]uery|[sS]ql\b|[dD]b\b/;
const markup = /<\/?[A-Z][\w.]*[\s/>]|<(div|span|p|a|ul|li|button|form|input|svg|section)[\s>]/;
const constantName = /^[A-Z][A-Z0-9_]*$/;

/** Whether a script may show anything, by its text alone. */
export const mayShow = (text: string): boolean => text.length <= largeFile && /\bexports?\b/.test(text);

/**
 * The surface of a script (see `hosts/surface.ts`); undefined where it shows nothing.
 * @param memory keeps what statements show from one reading to the next
 */
export function surfaceOf(root: SyntaxNode, text: string, memory?: { slices?: ReadonlyMap<string, string | undefined> }): string | undefined {
  if (!mayShow(text)) return undefined;
  const slices = new Map<string, string | undefined>();
  const known = memory?.slices;
  if (memory) memory.slices = slices;
  const kept: string[] = [];
  let shows = false;
  let length = 0;
  for (const statement of root.namedChildren) {
    const linking = statement.type === 'import_statement' || (statement.type === 'export_statement' && !statement.childForFieldName('declaration') && !statement.childForFieldName('value'));
    const own = statement.text;
    const slice = linking ? own : known?.has(own) ? known.get(own) : sliceOf(statement, text);
    if (memory && !linking) slices.set(own, slice);
    if (slice === undefined) continue;
    // An export clause alone re-exports what it names, maybe of another file.
    shows ||= !linking || statement.type === 'export_statement';
    kept.push(slice);
    length += slice.length + 1;
    if (length > MAX_SURFACE) return undefined;
  }
  return shows ? kept.join('\n') : undefined;
}

function sliceOf(statement: SyntaxNode, text: string): string | undefined {
  const declaration = statement.type === 'export_statement' ? statement.childForFieldName('declaration') ?? statement.childForFieldName('value') ?? statement : statement;
  const head = text.slice(statement.startIndex, declaration.startIndex);
  switch (declaration.type) {
    case 'lexical_declaration':
    case 'variable_declaration':
      return declaration.namedChildren.some((declarator) => isShown(declarator, text)) && declaration.endIndex - declaration.startIndex <= maxStatement ? statement.text : undefined;
    case 'function_declaration':
      return isShownFunction(declaration) ? statement.text : undefined;
    case 'class_declaration':
    case 'abstract_class_declaration':
    case 'class': {
      const shown = classSlice(declaration, text);
      return shown === undefined ? undefined : head.replace(/@[\s\S]*(?=\bexport\b)/, '') + shown;
    }
    case 'enum_declaration':
      return declaration.text.length <= maxStatement ? statement.text : undefined;
    case 'expression_statement':
      return /^(module\.)?exports\b/.test(declaration.text) && declaration.text.length <= maxStatement ? statement.text : undefined;
    default:
      // `export default <expression>`
      return statement.type === 'export_statement' && declaration !== statement && declaration.text.length <= maxStatement && (isFunction(declaration) ? isShownFunction(declaration) : database.test(declaration.text) || declaration.type === 'identifier') ? statement.text : undefined;
  }
}

function isShown(declarator: SyntaxNode, text: string): boolean {
  const value = declarator.childForFieldName('value');
  const name = declarator.childForFieldName('name')?.text ?? '';
  if (!value) return declarator.childForFieldName('type') !== null && database.test(declarator.text);
  const inner = unwrap(value, true);
  if (isFunction(inner)) return isShownFunction(inner) || (inner.endIndex - inner.startIndex <= maxFunction && database.test(name) && !markup.test(inner.text));
  if (inner.type === 'string' || inner.type === 'number') return true;
  if (markup.test(inner.text)) return false;
  // An object that is filled later says nothing by what it begins with.
  if (inner.type === 'object' && /^\w+$/.test(name) && new RegExp(`\\b${name}(\\.\\w+|\\[[^\\]]*\\])\\s*=[^=>]`).test(text)) return false;
  return constantName.test(name) || database.test(declarator.text) || (inner.type === 'object' && isPlain(inner));
}

/** An object of strings and numbers: names of tables, of columns. */
const isPlain = (object: SyntaxNode): boolean => object.namedChildren.length > 0 && object.namedChildren.every((child) => child.type === 'comment' || (child.type === 'pair' && /^(string|number|template_string)$/.test(child.childForFieldName('value')?.type ?? '')));

function isShownFunction(fn: SyntaxNode): boolean {
  if (fn.endIndex - fn.startIndex > maxFunction) return false;
  return (database.test(fn.text) || isFragment(fn)) && !markup.test(fn.text);
}

/** Returns text or an object at once: `(alias) => `${alias}.id``, `(user) => ({ team_id: user.team })`. */
function isFragment(fn: SyntaxNode): boolean {
  const body = fn.childForFieldName('body');
  const first = body?.type === 'statement_block' ? body.namedChildren.find((child) => child.type !== 'comment') : body;
  const value = first?.type === 'return_statement' ? first.namedChildren[0] : first;
  return value !== undefined && value !== null && fn.endIndex - fn.startIndex < 600 && /^(template_string|string|object)$/.test(unwrap(value).type);
}

/** A class with its fields, constructor and short methods. */
function classSlice(node: SyntaxNode, text: string): string | undefined {
  const body = node.childForFieldName('body');
  if (!body) return undefined;
  const heritage = node.namedChildren.some((child) => child.type === 'class_heritage');
  const members = body.namedChildren.flatMap((member): string[] => {
    if (/field_definition$/.test(member.type)) return member.endIndex - member.startIndex <= maxStatement ? [`${member.text};`] : [];
    if (member.type !== 'method_definition') return [];
    const constructs = member.childForFieldName('name')?.text === 'constructor' && member.endIndex - member.startIndex <= maxStatement;
    return constructs || isShownFunction(member) ? [member.text] : [];
  });
  if (members.length === 0 && !heritage) return undefined;
  if (!members.some((member) => database.test(member)) && !heritage) return undefined;
  return `${text.slice(node.startIndex, body.startIndex)}{\n${members.join('\n')}\n}`;
}
