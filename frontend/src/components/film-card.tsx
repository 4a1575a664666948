import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { Poster } from '@/components/poster/poster';
import { PredictedStars } from '@/components/stars';
import type { Movie } from '@/lib/api-types';

interface Props {
  movie: Movie;
  /** The stars that it will get from whom it is shown to, where that can be told. */
  predicted?: number | null;
  /** Why it is here. */
  note?: ReactNode;
  /** What can be done with it. */
  actions?: ReactNode;
  eager?: boolean;
  onVisit?: () => void;
}

/** A film among others. The printed poster bears the title itself, so it is not set twice for the eye. */
export function FilmCard({ movie, predicted, note, actions, eager, onVisit }: Props) {
  const facts = [movie.year, movie.genres.slice(0, 2).join(', ')].filter(Boolean).join(' · ');
  return (
    <article className="arrives flex min-w-0 flex-col gap-1.5">
      <Link
        to="/film/$movieId"
        params={{ movieId: movie.movie_id }}
        onClick={onVisit}
        className="group block rounded-[3px] transition-transform duration-200 hover:-translate-y-1"
      >
        <Poster movie={movie} eager={eager} />
        <span className={movie.poster_url ? 'mt-2 line-clamp-2 text-sm leading-snug font-semibold group-hover:underline' : 'sr-only'}>
          {movie.title}
        </span>
      </Link>
      <p className="text-xs text-muted">{facts}</p>
      {predicted != null && <PredictedStars value={predicted} />}
      {note}
      {actions && <div className="mt-auto">{actions}</div>}
    </article>
  );
}
