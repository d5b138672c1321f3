import type { HostSpan } from '../text/span';
import type { HostFile, LocalIr } from '../hosts/ir';

/** A function anywhere in the workspace. */
export interface FunctionRef {
  readonly uri: string;
  readonly functionId: number;
  /** Set by `resolve` when only a distinctive method name led here, no type and no import. */
  readonly confidence?: 'low';
  /** Set by `resolve` where a memoiser stands around it: it may not run. */
  readonly cached?: true;
}

/** One hop of a call path: where the call (or finally the query) stands. */
export interface PathStep {
  readonly uri: string;
  readonly span: HostSpan;
  /** `UserService.findById`, or the query's own text. */
  readonly label: string;
}

/** What a function does to the database when it is called once. */
export interface FunctionSummary {
  /** `maybe`: only behind a condition, a cache or another engine's branch. */
  readonly executes: 'no' | 'maybe' | 'yes';
  readonly access: 'read' | 'write' | 'both' | 'none';
  /** Shortest way from this function to a query; empty when it executes none. */
  readonly path: readonly PathStep[];
  /** Parameters (indexes) that reach a bound value or predicate of the query. */
  readonly keyed: readonly number[];
  /** Parameters it calls: once, or once per element of something. */
  readonly runs: readonly { readonly parameter: number; readonly perElement: boolean }[];
  /** Parameters that it passes on as SQL text (the function is then a query function itself). */
  readonly sqlParameters: readonly number[];
}

/** One way in which a call or site reaches a query. */
export interface Execution {
  /** False behind a condition, a cache, or where the callee was only guessed. */
  readonly certain: boolean;
  readonly access: 'read' | 'write' | 'both';
  readonly path: readonly PathStep[];
  /** Names at this place that reach the query's values. */
  readonly names: readonly string[];
  /** Where only the distinctive name of the callee led here. */
  readonly guessed?: boolean;
}

/** The workspace's call graph with its summaries; kept up to date by file. */
export interface FlowGraph {
  /** Another number after each change of a file: what was found out by following calls holds as long as it stays. */
  readonly version: number;
  files(): Iterable<HostFile>;
  file(uri: string): HostFile | undefined;
  /** Functions that a call may run; empty: unknown. */
  resolve(uri: string, callId: number): readonly FunctionRef[];
  summary(ref: FunctionRef): FunctionSummary | undefined;
  /** Functions that a path of names (`['Account', 'open_loans']`) stands for at a place in a file. */
  named(uri: string, functionId: number | undefined, path: readonly string[]): readonly FunctionRef[];
  /** How often a call runs the function literal that it is given as its k-th argument, before it is done itself. */
  runs(uri: string, callId: number, argument: number): 'once' | 'each' | 'never' | 'unknown';
  /** The ways in which the functions that a call names (also as an argument: `ids.map(loadUser)`) reach a query; not those of function literals passed to it. */
  executions(uri: string, callId: number): readonly Execution[];
  /** The module variable that a name of this file is imported from; undefined where it is no import of the workspace, or no variable. */
  importedLocal(uri: string, name: string): LocalIr | undefined;
  /** Calls that reach this function. */
  callers(ref: FunctionRef): readonly { readonly uri: string; readonly callId: number }[];
}

/** Finds the document that an import names; implemented in `workspace/` (tsconfig paths, workspace packages, Python packages). */
export type ResolveModule = (fromUri: string, module: string) => string | undefined;
