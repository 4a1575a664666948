import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { PersonaHistory, Personas, Recommendations } from '@/lib/api-types';

const PERSONAS_A_PAGE = 12;
const HISTORY_A_PAGE = 10;
const RECOMMENDED = 24;

/** How the viewer wants the recommendations cut. */
export interface Cut {
  genre: string | undefined;
  diversity: number;
}

export const personasQuery = (page: number) =>
  queryOptions({
    queryKey: ['personas', page],
    queryFn: ({ signal }) => api.get<Personas>('/personas', { params: { page, per_page: PERSONAS_A_PAGE }, signal }),
    placeholderData: keepPreviousData,
  });

export const historyQuery = (personaId: number, page: number) =>
  queryOptions({
    queryKey: ['personas', personaId, 'history', page],
    queryFn: ({ signal }) =>
      api.get<PersonaHistory>(`/personas/${personaId}/history`, { params: { page, per_page: HISTORY_A_PAGE }, signal }),
    placeholderData: keepPreviousData,
  });

export const recommendationsQuery = (personaId: number, cut: Cut) =>
  queryOptions({
    queryKey: ['personas', personaId, 'recommendations', cut],
    queryFn: ({ signal }) =>
      api.get<Recommendations>(`/personas/${personaId}/recommendations`, { params: { ...cut, limit: RECOMMENDED }, signal }),
    placeholderData: keepPreviousData,
  });
