import pg from 'pg';

const operators: Readonly<Record<string, string>> = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' };

/**
 * What PostgREST does with the requests of a table's rows, as far as tests use it: filters, nested `and` and `or`, order,
 * limit and offset. https://docs.postgrest.org/en/stable/references/api/tables_views.html
 */
export function postgrest(url: string): typeof fetch {
  return async (input) => {
    const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
    const values: string[] = [];
    const name = (text: string): string => (text === '*' ? '*' : pg.escapeIdentifier(text.trim()));
    const compare = (column: string, condition: string): string => {
      if (condition === 'not.is.null') return `${name(column)} IS NOT NULL`;
      const [, operator = '', value = ''] = /^(\w+)\.(.*)$/s.exec(condition) ?? [];
      values.push(value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value);
      return `${name(column)} ${operators[operator] ?? 'unknown operator'} $${values.length}`;
    };
    const tree = (text: string): string => {
      const group = /^(and|or)\((.*)\)$/s.exec(text);
      if (group) return `(${split(group[2] ?? '').map(tree).join(` ${(group[1] ?? '').toUpperCase()} `)})`;
      const dot = text.indexOf('.');
      return compare(text.slice(0, dot), text.slice(dot + 1));
    };
    const where = [...searchParams].filter(([key]) => !/^(select|order|limit|offset)$/.test(key)).map(([key, value]) => (key === 'or' || key === 'and' ? tree(key + value) : compare(key, value)));
    const order = searchParams.get('order')?.split(',').map((item) => `${name(item.split('.')[0] ?? '')} ${item.includes('.desc') ? 'DESC' : 'ASC'}`) ?? [];
    const select = (searchParams.get('select') ?? '*').split(',').map(name).join(', ');
    const text = `SELECT ${select} FROM ${name(pathname.split('/').at(-1) ?? '')}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}${order.length > 0 ? ` ORDER BY ${order.join(', ')}` : ''} LIMIT ${Number(searchParams.get('limit') ?? 1000)} OFFSET ${Number(searchParams.get('offset') ?? 0)}`;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query<{ rows: unknown }>(`SELECT coalesce(json_agg(page), '[]') AS rows FROM (${text}) page`, values);
      return new Response(JSON.stringify(rows[0]?.rows), { status: 200, headers: { 'content-type': 'application/json' } });
    } finally {
      await client.end();
    }
  };
}

/** At the commas that stand in no parentheses and no quotes. */
function split(text: string): readonly string[] {
  const parts = [''];
  let [depth, quoted] = [0, false];
  for (const c of text) {
    if (c === '"') quoted = !quoted;
    else if (!quoted && c === '(') depth++;
    else if (!quoted && c === ')') depth--;
    if (c === ',' && depth === 0 && !quoted) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts;
}
