import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { Ratings } from '@/lib/api-types';
import { MINE } from '@/lib/me';

const RATINGS_A_PAGE = 24;
const LATEST = 100;

export const myRatingsQuery = (page: number) =>
  queryOptions({
    queryKey: [MINE, 'ratings', page],
    queryFn: ({ signal }) => api.get<Ratings>('/me/ratings', { params: { page, per_page: RATINGS_A_PAGE }, signal }),
    placeholderData: keepPreviousData,
  });

/** The viewer's latest opinions, by which cards know their stars. */
export const latestRatingsQuery = queryOptions({
  queryKey: [MINE, 'ratings', 'latest'],
  queryFn: ({ signal }) => api.get<Ratings>('/me/ratings', { params: { page: 1, per_page: LATEST }, signal }),
});
