import type { QuerySite } from '../hosts/ir';
import type { Edit } from '../text/edit';
import type { KeysetRequest, PredicateRequest } from './adapter';

export function addTextPredicate(_site: QuerySite, _request: PredicateRequest): readonly Edit[] | undefined {
  return undefined;
}

export function toTextKeyset(_site: QuerySite, _request: KeysetRequest): readonly Edit[] | undefined {
  return undefined;
}
