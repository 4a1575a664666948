import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { FilmCard } from '@/components/film-card';
import { FilmGrid, FilmGridSkeleton } from '@/components/film-grid';
import { Loaded } from '@/components/loaded';
import type { Movie } from '@/lib/api-types';

import { watchlistQuery } from './api';

export function Watchlist({ actions }: { actions: (movie: Movie) => ReactNode }) {
  const query = useQuery(watchlistQuery);
  return (
    <Loaded query={query} skeleton={<FilmGridSkeleton />}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="text-muted">Nothing put aside yet. The ribbon on a film keeps it here.</p>
        ) : (
          <FilmGrid items={items} id={({ movie }) => movie.movie_id}>
            {({ movie }) => <FilmCard movie={movie} actions={actions(movie)} />}
          </FilmGrid>
        )
      }
    </Loaded>
  );
}
