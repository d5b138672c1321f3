import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { layoutIcicle, type IcicleMetric } from '../../../server/src/core/plan/icicle';
import { parsePlan } from '../../../server/src/core/plan/planTree';

const plan = (name: string) => parsePlan(JSON.parse(readFileSync(join(import.meta.dirname, `../../fixtures/plans/${name}.json`), 'utf8')));

it.each(['time', 'cost', 'rows', 'buffers'] satisfies IcicleMetric[])('by %s children lie within their parent, and own parts add up to the whole', (metric) => {
  const { root } = plan('parallel-hash-join');
  const { rects, total, depth } = layoutIcicle(root, metric);
  const byNode = new Map(rects.map((rect) => [rect.nodeId, rect]));
  expect(total).toBeGreaterThan(0);
  expect(rects[0]).toMatchObject({ nodeId: root.id, x: 0, width: 1, depth: 0 });
  expect(Math.max(...rects.map((rect) => rect.depth))).toBe(depth - 1);
  expect(rects.reduce((sum, rect) => sum + rect.self, 0)).toBeCloseTo(1, 9);
  const visit = (node: typeof root): void => {
    const outer = byNode.get(node.id)!;
    let left = outer.x;
    for (const child of node.children) {
      const inner = byNode.get(child.id)!;
      expect(inner.x).toBeCloseTo(left, 9);
      left += inner.width;
      visit(child);
    }
    expect(left).toBeLessThanOrEqual(outer.x + outer.width + 1e-9);
  };
  visit(root);
});
