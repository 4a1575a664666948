import type { ReactNode } from 'react';

import { Poster } from '@/components/poster/poster';
import { Stars } from '@/components/stars';
import type { MovieDetail } from '@/lib/api-types';
import { average, ratings, runtime } from '@/lib/format';

const CAST_SHOWN = 10;

interface Props {
  film: MovieDetail;
  actions: ReactNode;
}

/** All that is known of a film. */
export function FilmDetails({ film, actions }: Props) {
  const line = [film.year, film.runtime ? runtime(film.runtime) : null, film.genres.join(', ')].filter(Boolean);
  return (
    <article className="grid items-start gap-x-12 gap-y-6 sm:grid-cols-[minmax(10rem,19rem)_1fr]">
      <div className="w-48 sm:w-auto">
        <Poster movie={film} eager />
      </div>
      <div className="min-w-0">
        <h1 className="text-5xl leading-[0.95] sm:text-7xl">{film.title}</h1>
        <p className="mt-3 text-muted">{line.join(' · ')}</p>
        {film.average_rating !== null && (
          <p className="mt-3 flex items-center gap-2 text-sm">
            <Stars value={Math.round(film.average_rating * 2) / 2} />
            <span>
              {average(film.average_rating)} <span className="text-muted">from {ratings(film.ratings_count)}</span>
            </span>
          </p>
        )}
        {film.predicted_rating !== null && film.my_rating === null && (
          <p className="mt-1 flex items-center gap-2 text-sm">
            <Stars value={Math.round(film.predicted_rating * 2) / 2} />
            <span>
              {average(film.predicted_rating)} <span className="text-muted">is what you are likely to give it</span>
            </span>
          </p>
        )}
        <div className="my-6 border-y border-line py-4">{actions}</div>
        {film.overview ? (
          <p className="max-w-prose text-lg leading-relaxed">{film.overview}</p>
        ) : (
          <p className="text-muted">No synopsis is known for this film.</p>
        )}
        <dl className="mt-6 grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
          <Fact name={film.directors.length > 1 ? 'Directors' : 'Director'} values={film.directors} />
          <Fact name="Cast" values={film.cast.slice(0, CAST_SHOWN)} />
          <Fact name="Keywords" values={film.keywords} />
        </dl>
        <Sources film={film} />
      </div>
    </article>
  );
}

function Fact({ name, values }: { name: string; values: string[] }) {
  if (values.length === 0) return null;
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd>{values.join(', ')}</dd>
    </>
  );
}

function Sources({ film: { tmdb_id, imdb_id } }: { film: MovieDetail }) {
  if (tmdb_id === null && imdb_id === null) return null;
  return (
    <p className="mt-6 flex gap-5 text-sm">
      {tmdb_id !== null && (
        <a className="link" href={`https://www.themoviedb.org/movie/${tmdb_id}`}>
          TMDB
        </a>
      )}
      {imdb_id !== null && (
        <a className="link" href={`https://www.imdb.com/title/${imdb_id}/`}>
          IMDb
        </a>
      )}
    </p>
  );
}

export function FilmDetailsSkeleton() {
  return (
    <div className="grid gap-x-12 gap-y-6 sm:grid-cols-[minmax(10rem,19rem)_1fr]">
      <div className="skeleton aspect-2/3 w-48 sm:w-auto" />
      <div className="space-y-4">
        <div className="skeleton h-14 w-3/4" />
        <div className="skeleton h-5 w-1/2" />
        <div className="skeleton h-32" />
      </div>
    </div>
  );
}
