import type { HostFile } from '../hosts/ir';
import { containsSpan, type HostSpan } from '../text/span';

/**
 * The names whose value depends on `seeds`, through local variables and assignments inside `scope` (transitively) and
 * through the elements of loops that walk something dependent.
 */
export function dependentNames(file: HostFile, scope: HostSpan, seeds: readonly string[]): ReadonlySet<string> {
  const result = new Set(seeds);
  const links: { readonly name: string; readonly from: readonly string[] }[] = [];
  for (const fn of file.functions) {
    if (fn.span.end < scope.start || fn.span.start > scope.end) continue;
    for (const local of fn.locals) if (containsSpan(scope, local.span)) links.push({ name: local.name, from: local.names });
  }
  for (const local of file.locals ?? []) if (containsSpan(scope, local.span)) links.push({ name: local.name, from: local.names });
  for (const loop of file.loops) {
    if (!containsSpan(scope, loop.span)) continue;
    for (const a of loop.facts.assigns) if (containsSpan(scope, a.span)) links.push({ name: a.name, from: a.names });
    if (loop.iterable) for (const element of loop.elements) links.push({ name: element, from: loop.iterable.names });
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const link of links) {
      if (result.has(link.name) || !link.from.some((n) => result.has(n))) continue;
      result.add(link.name);
      grown = true;
    }
  }
  return result;
}
