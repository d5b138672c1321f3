import { describe, expect, it } from 'vitest';
import { escapeMarkdown, markdownCell, markdownCode, markdownCodeCell, markdownFence } from '../../../server/src/core/text/markdown';

describe('Markdown of names that somebody else chose', () => {
  it.each<[string, string]>([
    ['orders_customer_idx', 'orders_customer_idx'], ['_x_ a__b', '\\_x\\_ a\\_\\_b'], ['a | b', 'a \\| b'], ['![x](http://e/p.png)', '\\!\\[x\\](http\\://e/p.png)'], ['[a](javascript:b)', '\\[a\\](javascript:b)'],
    ['<img src=x>', '\\<img src=x\\>'], ['`a` **b** ~~c~~', '\\`a\\` \\*\\*b\\*\\* \\~\\~c\\~\\~'], ['a\r\n\n# b', 'a # b'], ['# a', '\\# a'], ['- a', '\\- a'], ['12. a', '12\\. a'], ['&lt;b&gt; a & b', '\\&lt;b\\&gt; a & b'],
    ['\\', '\\\\'], ['www.e.org', 'www\\.e.org'], ['a\u202eb\u0007c', 'abc'], ['cost: 5 - 3', 'cost: 5 - 3'],
    ['@octocat broke #12, o/r#7, !3, gh-4', '@&#8203;octocat broke #&#8203;12, o/r#&#8203;7, !&#8203;3, gh-&#8203;4'], ['#1 is open', '\\#&#8203;1 is open'], ['tags @> ARRAY[1], a@b.org, $1, @@ q, #main', 'tags @\\> ARRAY\\[1\\], a@b.org, $1, @@ q, #main'], ['(@team/leads)', '(@&#8203;team/leads)'],
  ])('%j is text', (text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected);
  });
  it('keeps a cell in its row', () => {
    expect([markdownCell(' a\n| b |\n'), markdownCodeCell('a\n|`b')]).toEqual(['a \\| b \\|', '``a \\|`b``']);
  });
  it.each([['a', '`a`'], ['a`b', '``a`b``'], ['`', '`` ` ``'], ['``` a', '```` ``` a ````'], ['a\nb', '`a b`'], ['', ''], [' ', '` `'], [' a ', '`  a  `']])('%j as code', (text, expected) => {
    expect(markdownCode(text)).toBe(expected);
  });
  it('closes a block with more backticks than are in it', () => {
    expect(markdownFence('select 1\n', 'sql')).toBe('```sql\nselect 1\n```');
    expect(markdownFence("select '\n```\n<img src=x>\n`````'", 'sql', '  ')).toBe("  ``````sql\n  select '\n  ```\n  <img src=x>\n  `````'\n  ``````");
    expect(markdownFence('a\r\n\r\nb')).toBe('```\na\n\nb\n```');
  });
});
