import { useQuery } from '@tanstack/react-query';

import { FilmCard } from '@/components/film-card';
import { FilmRow, FilmRowSkeleton } from '@/components/film-row';
import { Loaded } from '@/components/loaded';

import { similarQuery } from './api';

export function SimilarFilms({ movieId }: { movieId: number }) {
  const query = useQuery(similarQuery(movieId));
  return (
    <Loaded query={query} skeleton={<FilmRowSkeleton />}>
      {({ items }) =>
        items.length > 0 && (
          <FilmRow title="Films like it" items={items} id={({ movie }) => movie.movie_id}>
            {({ movie }) => <FilmCard movie={movie} />}
          </FilmRow>
        )
      }
    </Loaded>
  );
}
