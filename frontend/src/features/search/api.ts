import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { Items, SearchHit, SearchMode } from '@/lib/types';

const FOUND = 36;

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
    queryFn: ({ signal }) => api.get<Items<SearchHit>>('/search', { params: { ...terms, limit: FOUND }, signal }),
    placeholderData: keepPreviousData,
    enabled: terms.q.trim() !== '',
  });
