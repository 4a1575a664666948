import { useQuery } from '@tanstack/react-query';

import { DismissIcon } from '@/components/icons';
import { useMe } from '@/lib/me';
import type { Movie } from '@/lib/types';

import { latestRatingsQuery } from './api';
import { StarInput } from './star-input';
import { useOpinion } from './use-opinion';

interface Props {
  movie: Movie;
  /** Where the page knows it better than the viewer's latest ratings do. */
  rating?: number | null;
  size?: 'small' | 'large';
}

/** Stars, and a way to say that a film is of no interest. */
export function RateFilm({ movie, rating = null, size = 'small' }: Props) {
  const me = useMe();
  const latest = useQuery({ ...latestRatingsQuery, enabled: me !== undefined && me.kind !== 'anonymous' });
  const known = latest.data?.items.find((entry) => entry.movie.movie_id === movie.movie_id);
  const opinion = useOpinion(movie);

  const pending = opinion.isPending ? opinion.variables : undefined;
  const value = pending === undefined ? (known?.rating ?? rating) : pending && 'rating' in pending ? pending.rating : null;
  const dismissed = known?.not_interested ?? false;
  return (
    <div className="flex items-center justify-between gap-1">
      <StarInput label={movie.title} value={value} size={size} onRate={(stars) => opinion.mutate({ rating: stars })} />
      <button
        type="button"
        className="icon-button"
        aria-pressed={dismissed}
        aria-label={`Not interested in ${movie.title}`}
        title="Not interested"
        onClick={() => opinion.mutate(dismissed ? null : { not_interested: true })}
      >
        <DismissIcon />
      </button>
    </div>
  );
}
