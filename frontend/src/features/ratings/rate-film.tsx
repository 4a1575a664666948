import { useQuery } from '@tanstack/react-query';

import { DismissIcon } from '@/components/icons';
import type { Movie, Rating } from '@/lib/api-types';
import { useMe } from '@/lib/me';

import { latestRatingsQuery } from './api';
import { StarInput } from './star-input';
import { useOpinion } from './use-opinion';

interface Props {
  movie: Movie;
  /** The viewer's rating as the page knows it, which may be older than the latest ones. */
  rating?: Pick<Rating, 'rating' | 'not_interested'>;
  /** On a page of its own: with words beside the signs. */
  large?: boolean;
}

/** Stars, and a way to say that a film is of no interest. */
export function RateFilm({ movie, rating, large = false }: Props) {
  const me = useMe();
  const latest = useQuery({ ...latestRatingsQuery, enabled: me !== undefined && me.kind !== 'anonymous' });
  const known = latest.data?.items.find((entry) => entry.movie.movie_id === movie.movie_id) ?? rating;
  const opinion = useOpinion(movie);

  const pending = opinion.isPending ? opinion.variables : null;
  const value = pending && 'rating' in pending ? pending.rating : (known?.rating ?? null);
  const dismissed = known?.not_interested ?? false;
  return (
    <div className={large ? 'flex flex-wrap items-center gap-x-6 gap-y-3' : 'flex items-center justify-between gap-1'}>
      <StarInput label={movie.title} value={value} size={large ? 'large' : 'small'} onRate={(stars) => opinion.mutate({ rating: stars })} />
      <button
        type="button"
        className={large ? 'button' : 'icon-button'}
        aria-pressed={dismissed}
        aria-label={large ? undefined : `Not interested in ${movie.title}`}
        title={large ? undefined : 'Not interested'}
        onClick={() => opinion.mutate(dismissed ? null : { not_interested: true })}
      >
        <DismissIcon />
        {large && 'Not interested'}
      </button>
    </div>
  );
}
