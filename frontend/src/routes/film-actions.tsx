import { RateFilm } from '@/features/ratings/rate-film';
import { WatchlistToggle } from '@/features/watchlist/watchlist-toggle';
import type { Movie } from '@/lib/api-types';

/** What can be done with a film on a card. */
export function FilmActions({ movie }: { movie: Movie }) {
  return (
    <div className="flex items-center justify-between">
      <RateFilm movie={movie} />
      <WatchlistToggle movie={movie} />
    </div>
  );
}

export const filmActions = (movie: Movie) => <FilmActions movie={movie} />;
