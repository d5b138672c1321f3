import { MAX_SURFACE } from '../surface';
import type { SyntaxNode } from '../syntax';
import { field, parts, unwrap } from './syntaxTools';

const maxStatement = 3000;
const maxFunction = 2500;
const largeFile = 400_000;
/** What code that has to do with a database says somewhere. */
const database = /\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|JOIN|select|insert|update|delete|where|sql|tables?|schema|columns?|query|queries|execute\w*|fetch\w*|cursor|cur|conn\w*|db|database|engine|session\w*|pool|txn|tx|repo\w*|psycopg\w*|asyncpg|sessionmaker|create_(async_)?engine)\b|Session|Connection|Pool|Engine|Repository/;
const constantName = /^_?[A-Z][A-Z0-9_]*$/;

/**
 * The surface of a Python module (see `hosts/surface.ts`); undefined where it shows nothing.
 * @param memory keeps what statements show from one reading to the next
 */
export function surfaceOf(root: SyntaxNode, text: string, memory?: { slices?: ReadonlyMap<string, string | undefined> }): string | undefined {
  if (text.length > largeFile) return undefined;
  const slices = new Map<string, string | undefined>();
  const known = memory?.slices;
  if (memory) memory.slices = slices;
  const kept: string[] = [];
  let shows = false;
  let length = 0;
  for (const statement of parts(root)) {
    const linking = statement.type === 'import_statement' || statement.type === 'import_from_statement';
    const own = statement.text;
    const slice = linking ? own : known?.has(own) ? known.get(own) : sliceOf(statement, text);
    if (memory && !linking) slices.set(own, slice);
    if (slice === undefined) continue;
    // A package's `__init__` hands on what it imports.
    shows ||= !linking || statement.type === 'import_from_statement';
    kept.push(slice);
    length += slice.length + 1;
    if (length > MAX_SURFACE) return undefined;
  }
  return shows ? kept.join('\n') : undefined;
}

function sliceOf(statement: SyntaxNode, text: string): string | undefined {
  switch (statement.type) {
    case 'expression_statement': {
      const assignment = parts(statement)[0];
      const [left, right] = assignment?.type === 'assignment' ? [field(assignment, 'left'), field(assignment, 'right')] : [];
      if (!left || !right || statement.endIndex - statement.startIndex > maxStatement) return undefined;
      return constantName.test(left.text) || /^(string|concatenated_string)$/.test(unwrap(right).type) || database.test(statement.text) ? statement.text : undefined;
    }
    case 'function_definition':
      return isShownFunction(statement) ? statement.text : undefined;
    case 'decorated_definition': {
      const definition = field(statement, 'definition');
      if (definition?.type === 'class_definition') return classSlice(definition, text);
      return definition && isShownFunction(definition) ? statement.text : undefined;
    }
    case 'class_definition':
      return classSlice(statement, text);
    default:
      return undefined;
  }
}

const isShownFunction = (fn: SyntaxNode): boolean => fn.endIndex - fn.startIndex <= maxFunction && (database.test(fn.text) || isFragment(fn));

/** Returns text at once: `return f"{alias}.id = %s"`. */
function isFragment(fn: SyntaxNode): boolean {
  const body = field(fn, 'body');
  const statements = body ? parts(body).filter((statement) => parts(statement)[0]?.type !== 'string' || statement.type === 'return_statement') : [];
  const value = statements.length === 1 && statements[0]?.type === 'return_statement' ? parts(statements[0])[0] : undefined;
  return value !== undefined && fn.endIndex - fn.startIndex < 600 && /^(?:string|concatenated_string)$/.test(unwrap(value).type);
}

/** A class with its attributes, `__init__` and short methods, each on lines of its own. */
function classSlice(node: SyntaxNode, text: string): string | undefined {
  const body = field(node, 'body');
  if (!body) return undefined;
  const bases = field(node, 'superclasses') !== undefined;
  const members = parts(body).flatMap((member): string[] => {
    const definition = member.type === 'decorated_definition' ? field(member, 'definition') : member;
    const kept = definition?.type === 'function_definition' ? isShownFunction(definition) || (field(definition, 'name')?.text === '__init__' && definition.text.length <= maxStatement) : member.type === 'expression_statement' && member.text.length <= maxStatement && parts(member)[0]?.type === 'assignment';
    return kept ? [text.slice(text.lastIndexOf('\n', member.startIndex) + 1, member.endIndex)] : [];
  });
  if (members.length === 0 ? !bases : !bases && !members.some((member) => database.test(member))) return undefined;
  const head = text.slice(node.startIndex, body.startIndex).trimEnd();
  // A class on one line, or with nothing that is kept.
  if (members.length === 0 || members.some((member) => !/^\s/.test(member))) return `${head.replace(/\n[\s\S]*$/, '')}${head.includes(':') ? '' : ':'} pass`;
  return `${head.replace(/\s*#[^\n]*$/, '')}\n${members.join('\n')}`;
}
