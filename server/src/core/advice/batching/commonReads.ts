import type { LoopQuery } from '../../calls/loopQueries';
import type { CommonLanguage } from '../../hosts/syntax';
import type { Fix, FlowContext } from '../../lint/rule';
import { commonEagerFix } from './commonEager';
import { goRead } from './goReads';
import { readLoop, type ReadLoop } from './readLoop';
import { phpRead, rubyRead } from './recordReads';
import { rewriteFix, type Rewrite } from './rewrite';
import { csharpRead, javaRead, rustRead } from './typedReads';

const forms: Readonly<Record<CommonLanguage, (context: FlowContext, read: ReadLoop) => Rewrite | undefined>> = { go: goRead, java: javaRead, ruby: rubyRead, php: phpRead, csharp: csharpRead, rust: rustRead };

/** A read by key in a loop of Go, Java, Ruby, PHP, C# or Rust: one query with all keys before the loop, and a map in its place. */
export function commonReadFix(context: FlowContext, query: LoopQuery): Fix | undefined {
  const read = readLoop(context, query);
  const eager = read && commonEagerFix(context, read);
  if (eager) return eager;
  const rewrite = read && forms[read.language](context, read);
  return rewrite && rewriteFix(context, { at: read.loop.span.start, indent: read.indent }, rewrite);
}
