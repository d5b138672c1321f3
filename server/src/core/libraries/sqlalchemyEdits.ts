import type { QuerySite } from '../hosts/ir';
import type { Edit } from '../text/edit';
import type { KeysetRequest, LimitRequest, OrderRequest, PredicateRequest } from './adapter';
export function addLibraryPredicate(_site: QuerySite, _request: PredicateRequest): readonly Edit[] | undefined { return undefined; }
export function toLibraryKeyset(_site: QuerySite, _request: KeysetRequest): readonly Edit[] | undefined { return undefined; }
export function addLibraryOrder(_site: QuerySite, _request: OrderRequest): readonly Edit[] | undefined { return undefined; }
export function addLibraryLimit(_site: QuerySite, _request: LimitRequest): readonly Edit[] | undefined { return undefined; }
