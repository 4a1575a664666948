import { useQuery } from '@tanstack/react-query';

import { BookmarkIcon } from '@/components/icons';
import { useAnnounce } from '@/components/notice';
import type { Movie } from '@/lib/api-types';
import { useMe } from '@/lib/me';

import { useWatchlistChange, watchlistQuery } from './api';

interface Props {
  movie: Movie;
  /** With its words beside the sign. */
  worded?: boolean;
}

export function WatchlistToggle({ movie, worded = false }: Props) {
  const me = useMe();
  const { data } = useQuery({ ...watchlistQuery, enabled: me !== undefined && me.kind !== 'anonymous' });
  const change = useWatchlistChange(movie.movie_id);
  const announce = useAnnounce();
  const listed = change.isPending ? change.variables : (data?.items.some((item) => item.movie.movie_id === movie.movie_id) ?? false);
  return (
    <button
      type="button"
      className={worded ? 'button' : 'icon-button'}
      aria-pressed={listed}
      aria-label={worded ? undefined : `${movie.title} on my watchlist`}
      title={worded ? undefined : 'Watchlist'}
      onClick={() =>
        change.mutate(!listed, { onError: (error) => announce({ text: `The watchlist is as it was: ${error.message}` }) })
      }
    >
      <BookmarkIcon filled={listed} />
      {worded && 'Watchlist'}
    </button>
  );
}
