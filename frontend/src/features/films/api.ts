import { queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { MovieDetail, Recommendations } from '@/lib/api-types';

export const filmQuery = (movieId: number) =>
  queryOptions({
    queryKey: ['films', movieId],
    queryFn: ({ signal }) => api.get<MovieDetail>(`/movies/${movieId}`, { signal }),
  });

export const similarQuery = (movieId: number) =>
  queryOptions({
    queryKey: ['films', movieId, 'similar'],
    queryFn: ({ signal }) => api.get<Recommendations>(`/movies/${movieId}/similar`, { params: { limit: 12 }, signal }),
  });

export const popularQuery = (limit: number) =>
  queryOptions({
    queryKey: ['films', 'popular', limit],
    queryFn: ({ signal }) => api.get<Recommendations>('/movies/popular', { params: { limit }, signal }),
  });
