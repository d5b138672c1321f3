import { readPrismaSchema } from '../../server/src/core/hosts/prismaSchema';
import { indexModels } from '../../server/src/core/hosts/models';
import type { HostFile } from '../../server/src/core/hosts/ir';
import { readTypeScript } from '../../server/src/core/hosts/typescript';
import { splitStatements } from '../../server/src/core/sql/split';
import { toHostSpan } from '../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../server/src/core/text/span';
import { createSyntaxParser } from '../../server/src/parser/treeSitter';

const parser = await createSyntaxParser({ languages: ['typescript'] });

/** Reads a script beside a Prisma schema; `under` gives the source text of a piece of a site's SQL. */
export function readPrisma(schema: string, text: string): HostFile & { under(piece: string, site?: number): string | undefined } {
  const models = indexModels(readPrismaSchema('file:///prisma/schema.prisma', schema).models);
  const tree = parser.parse('typescript', text);
  try {
    const file = readTypeScript('file:///src/app.ts', text, tree, { split: splitStatements, models });
    return {
      ...file,
      under(piece, index = 0) {
        const site = file.sites[index];
        const start = site?.source?.text.indexOf(piece) ?? -1;
        const span = site && start >= 0 ? toHostSpan(site.map, sqlSpan(start, start + piece.length)) : undefined;
        return span && text.slice(span.start, span.end);
      },
    };
  } finally {
    tree.dispose();
  }
}
