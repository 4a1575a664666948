import { useMutation, type UseMutationResult, useQueryClient } from '@tanstack/react-query';

import { useAnnounce } from '@/components/notice';
import { api } from '@/lib/api';
import type { Movie } from '@/lib/api-types';
import { stars } from '@/lib/format';
import { becomeViewer, MINE, meQuery } from '@/lib/me';

export type Opinion = { rating: number } | { not_interested: true };

/** Say what one thinks of a film; null takes it back. Somebody unknown becomes a guest with their first opinion. */
export function useOpinion({ movie_id, title }: Movie) {
  const queries = useQueryClient();
  const announce = useAnnounce();
  const mutation: UseMutationResult<unknown, Error, Opinion | null> = useMutation({
    scope: { id: `opinion-${movie_id}` }, // one after another: the last one counts
    mutationFn: async (opinion: Opinion | null) => {
      if (opinion === null) return api.delete(`/me/ratings/${movie_id}`);
      await becomeViewer(queries);
      return api.post('/me/ratings', { body: { movie_id, ...opinion } });
    },
    onSuccess: (_, opinion) => {
      if (opinion === null) announce({ text: `${title}: your rating is gone.` });
      else announce({ text: said(title, opinion), undo: () => mutation.mutate(null) });
    },
    onError: (error) => announce({ text: `${title} stays as it was. ${error.message}` }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: [MINE] }),
        queries.invalidateQueries({ queryKey: meQuery.queryKey }),
        queries.invalidateQueries({ queryKey: ['films'] }), // each film's predicted rating hangs on all ratings
      ]),
  });
  return mutation;
}

function said(title: string, opinion: Opinion): string {
  if ('rating' in opinion) return `${title}: ${stars(opinion.rating)} of 5. What you are shown has changed.`;
  return `${title} will not be shown again.`;
}
