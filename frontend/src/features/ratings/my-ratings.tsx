import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { FilmCard } from '@/components/film-card';
import { FilmGrid, FilmGridSkeleton } from '@/components/film-grid';
import { Loaded } from '@/components/loaded';
import { Pager } from '@/components/pager';
import type { Rating } from '@/lib/api-types';
import { date } from '@/lib/format';

import { myRatingsQuery } from './api';
import { RateFilm } from './rate-film';
import { useOpinion } from './use-opinion';

export function MyRatings() {
  const [page, setPage] = useState(1);
  const query = useQuery(myRatingsQuery(page));
  return (
    <Loaded query={query} skeleton={<FilmGridSkeleton />}>
      {(data) =>
        data.total === 0 ? (
          <p className="text-muted">Nothing rated yet. Films you rate are kept here, and can be changed.</p>
        ) : (
          <>
            <FilmGrid items={data.items} id={({ movie }) => movie.movie_id}>
              {(entry) => <Rated entry={entry} />}
            </FilmGrid>
            <Pager of={data} label="your ratings" onPage={setPage} />
          </>
        )
      }
    </Loaded>
  );
}

function Rated({ entry }: { entry: Rating }) {
  const { movie, not_interested, rated_at } = entry;
  const opinion = useOpinion(movie);
  return (
    <FilmCard
      movie={movie}
      note={
        <p className="flex flex-wrap justify-between gap-x-2 text-xs text-muted">
          <span>{not_interested ? 'not interested' : date(rated_at)}</span>
          <button type="button" className="link" onClick={() => opinion.mutate(null)} aria-label={`Forget my rating of ${movie.title}`}>
            Forget
          </button>
        </p>
      }
      actions={<RateFilm movie={movie} rating={entry} />}
    />
  );
}
