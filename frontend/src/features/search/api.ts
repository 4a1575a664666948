import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { FoundList, operations } from '@/lib/api-types';

const FOUND = 36;

export type SearchMode = NonNullable<NonNullable<operations['get_search_find']['parameters']['query']>['mode']>;

/** In the order in which they are offered. */
export const SEARCH_MODES = ['hybrid', 'title', 'semantic'] as const satisfies readonly SearchMode[];

export interface SearchTerms {
  q: string;
  mode: SearchMode;
  genre?: string | undefined;
  year_from?: number | undefined;
  year_to?: number | undefined;
}

export const searchQuery = (terms: SearchTerms) =>
  queryOptions({
    queryKey: ['search', terms],
    queryFn: ({ signal }) => api.get<FoundList>('/search', { params: { ...terms, limit: FOUND }, signal }),
    placeholderData: keepPreviousData,
    enabled: terms.q.trim() !== '',
  });
