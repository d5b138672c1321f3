/** Type constructors that stand around the type that is meant: `Promise<UserRepo>`, `Optional[UserRepo]`. */
const WRAPPERS = new Set(['Promise', 'Awaited', 'Readonly', 'Partial', 'Required', 'NonNullable', 'Optional', 'Union', 'Annotated', 'Type', 'type', 'ClassVar', 'Final', 'InstanceType', 'ReturnType', 'typeof', 'Provider', 'LazyProxy', 'Ref', 'Arc', 'Rc', 'Box', 'Option', 'Mutex', 'RwLock', 'ObjectProvider', 'Lazy', 'dyn', 'impl', 'mut', 'crate']);
const NOTHING = new Set(['undefined', 'null', 'None', 'void', 'any', 'unknown', 'never', 'readonly', 'const', 'new']);

/**
 * Names of the classes that a value of this annotation may be an instance of, outermost first. Type arguments of
 * other generics are not instances: `Repository<User>` gives `Repository` alone.
 */
export function typeNames(annotation: string): readonly string[] {
  const tokens = annotation.match(/[A-Za-z_$][\w$.]*|[<>[\](){}|&,]/g) ?? [];
  const names: string[] = [];
  let ignored = 0;
  const stack: boolean[] = [];
  let previous = '';
  for (const token of tokens) {
    if (token === '<' || token === '[' || token === '(' || token === '{') {
      const counts = token !== '{' && token !== '(' ? WRAPPERS.has(previous) : previous === '' || '|&<[('.includes(previous);
      stack.push(counts);
      if (!counts) ignored++;
    } else if (token === '>' || token === ']' || token === ')' || token === '}') {
      if (stack.pop() === false) ignored--;
    } else if (/^[A-Za-z_$]/.test(token) && ignored === 0 && !WRAPPERS.has(token) && !NOTHING.has(token)) {
      names.push(token);
    }
    previous = token;
  }
  return names;
}
