import { queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { Items, MovieDetail, Recommendation } from '@/lib/types';

export const filmQuery = (movieId: number) =>
  queryOptions({
    queryKey: ['films', movieId],
    queryFn: ({ signal }) => api.get<MovieDetail>(`/movies/${movieId}`, { signal }),
  });

export const similarQuery = (movieId: number) =>
  queryOptions({
    queryKey: ['films', movieId, 'similar'],
    queryFn: ({ signal }) => api.get<Items<Recommendation>>(`/movies/${movieId}/similar`, { params: { limit: 12 }, signal }),
  });

export const popularQuery = (limit: number) =>
  queryOptions({
    queryKey: ['films', 'popular', limit],
    queryFn: ({ signal }) => api.get<Items<Recommendation>>('/movies/popular', { params: { limit }, signal }),
  });
