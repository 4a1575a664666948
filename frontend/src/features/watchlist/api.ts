import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';

import { api } from '@/lib/api';
import type { Watchlist } from '@/lib/api-types';
import { becomeViewer, MINE } from '@/lib/me';

export const watchlistQuery = queryOptions({
  queryKey: [MINE, 'watchlist'],
  queryFn: ({ signal }) => api.get<Watchlist>('/me/watchlist', { signal }),
});

/** Put a film on the watchlist (true) or take it off (false). */
export function useWatchlistChange(movieId: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (on: boolean) => {
      if (!on) return api.delete(`/me/watchlist/${movieId}`);
      await becomeViewer(queries);
      return api.post('/me/watchlist', { body: { movie_id: movieId } });
    },
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: watchlistQuery.queryKey }),
        queries.invalidateQueries({ queryKey: ['films', movieId], exact: true }),
      ]),
  });
}
