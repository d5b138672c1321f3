import type { ClassIr, FunctionIr, MemberIr } from '../hosts/ir';
import type { FileIndex } from './fileIndex';

/** What a name or path stands for. */
export type Meaning =
  | { readonly kind: 'function'; readonly index: FileIndex; readonly fn: FunctionIr; /** Reached through a memoiser. */ readonly cached?: true }
  | { readonly kind: 'class'; readonly index: FileIndex; readonly cls: ClassIr }
  | { readonly kind: 'instance'; readonly index: FileIndex; readonly cls: ClassIr }
  | { readonly kind: 'module'; readonly index: FileIndex }
  /** What a container hands to those whom it makes (awilix' cradle). */
  | { readonly kind: 'container'; readonly index: FileIndex }
  /** A folder or name space of several files, seen from one that imports it. */
  | { readonly kind: 'package'; readonly index: FileIndex; readonly name: string }
  /** An object literal: functions written in it (by `owner`), and what it holds by name. */
  | { readonly kind: 'object'; readonly index: FileIndex; readonly owner?: string; readonly members?: readonly MemberIr[]; /** Function whose names the members are. */ readonly functionId?: number };
